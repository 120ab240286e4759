"""What an audit reads: each statement sets beside each other what should be equal. Nothing is changed."""
