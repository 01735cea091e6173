"""What must be true of the manifests before anybody applies them."""
