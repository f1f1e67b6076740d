"""Looking inside one network with one image; it is handed the network and leaves it as it was."""
