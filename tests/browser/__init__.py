"""The built pages in a real browser, without a network: on a phone, with a keyboard, with a screen reader."""
