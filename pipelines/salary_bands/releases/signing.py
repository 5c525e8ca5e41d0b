"""Ed25519 signatures of manifests: 64 raw bytes in `manifest.json.sig`, as `openssl pkeyutl -rawin` writes and reads.

A manifest holds the hash of every other file, so its signature vouches for the whole release.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from salary_bands.errors import UsageError
from salary_bands.releases.documents import MANIFEST, SIGNATURE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def sign_manifest(folder: Path, key: Path | None) -> None:
    """Write the signature beside the manifest if there is a key. Equal manifests get equal signatures."""
    if key:
        (folder / SIGNATURE).write_bytes(private_key(key).sign((folder / MANIFEST).read_bytes()))


def is_signed(content: bytes, signature: bytes, key: "Ed25519PublicKey") -> bool:
    """True if the signature is of this content, by this key."""
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def private_key(path: Path) -> "Ed25519PrivateKey":
    """Read a private key from a PEM file without a passphrase; raise UsageError if it is not an Ed25519 key."""
    serialization, ed25519 = _library()
    key = _loaded(path, lambda content: serialization.load_pem_private_key(content, None))
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise UsageError(f"signing_key {path}: is not an Ed25519 key; make one: openssl genpkey -algorithm ed25519")
    return key


def public_key(path: Path) -> "Ed25519PublicKey":
    """Read a public key from a PEM file; raise UsageError if it is not an Ed25519 key."""
    serialization, ed25519 = _library()
    key = _loaded(path, serialization.load_pem_public_key)
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise UsageError(f"--public-key {path}: is not an Ed25519 key; ask the publisher for theirs")
    return key


def _loaded(path: Path, load: Any) -> Any:
    try:
        return load(path.read_bytes())
    except (OSError, ValueError, TypeError) as error:  # TypeError: it has a passphrase
        raise UsageError(f"{path}: cannot be read as a key in PEM ({error})") from None


def _library() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise UsageError("signatures need the extra `sign`: pip install 'salary-bands[sign]'") from None
    return serialization, ed25519
