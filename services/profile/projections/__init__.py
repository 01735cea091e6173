"""Profile's read models: the list of customers and who is merged into whom. They hold no personal data, sealed or not:
names are read from the store when a page is shown."""
