"""What the Dodo API answers: the types of its JSON bodies, a module per noun. `checkstand.answers` says how they are used."""
