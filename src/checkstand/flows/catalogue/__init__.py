"""What a merchant sells and takes off: products, discounts, questions, images, brands, meters."""
