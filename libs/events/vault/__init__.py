"""Sealing of personal data: each subject has its own key, and a person is forgotten by shredding it.

A sealed field is `{"sealed": <base64>}`: the event's id, a nonce and AES-256-GCM ciphertext whose associated data is
that id and the field's name, so that a leaf cannot be moved to another event or field. Subjects' keys are kept
wrapped by a key provider. A *shredded* key makes a field null; an *unavailable* one stops whoever asks.
"""

from libs.events.vault.keys import KeyProvider, KeyRing, KeyUnavailable, LocalKeyProvider, SubjectKey
from libs.events.vault.vault import SqlVault, Vault

__all__ = ["KeyProvider", "KeyRing", "KeyUnavailable", "LocalKeyProvider", "SqlVault", "SubjectKey", "Vault"]
