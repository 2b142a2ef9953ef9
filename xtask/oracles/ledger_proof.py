"""Checks a workspace's ledger from what it exports, with nobody's code but Python's and `cryptography`'s.

    python ledger_proof.py DRIFTGATE WORKSPACE

DRIFTGATE is the program; it is asked for the leaves (`audit log --raw`), the signed checkpoint (`audit checkpoint`) and
the public keys (`audit keys show --json`). Everything else is computed here, from the texts of RFC 6962 section 2.1,
RFC 8785, the C2SP pages signed-note and tlog-checkpoint, and DSSE:

- every leaf is canonical JSON of at most 65,535 bytes, counts from 0, and names the leaf before it;
- the Merkle root over the leaves is the one in the checkpoint, whose signature the log's key made;
- every object that an event names is in the store, and every file in the store has the SHA-256 it is named by;
- every signed statement among the objects verifies with the log's key and speaks about an object of the store;
- and the checks can fail: each kind of tampering, tried on a copy in memory, is found.

Exit code 0: all hold. 1: one does not, and which.
"""

import base64
import hashlib
import json
import math
import pathlib
import subprocess
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PASSED = []


class Fault(Exception):
    """A check that does not hold."""


def check(holds, what):
    if not holds:
        raise Fault(what)


# RFC 6962 section 2.1, word by word: recursive, with no stored nodes.


def leaf_hash(leaf):
    return hashlib.sha256(b"\x00" + leaf).digest()


def merkle_tree_hash(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + merkle_tree_hash(leaves[:k]) + merkle_tree_hash(leaves[k:])).digest()


# RFC 8785: keys by UTF-16 code units, numbers as ECMAScript writes them.


def ecmascript_number(x):
    check(math.isfinite(x), f"{x} is no JSON number")
    if x == 0:
        return "0"
    if x < 0:
        return "-" + ecmascript_number(-x)
    mantissa, exponent = f"{x!r}e0".split("e")[:2]  # repr gives the shortest digits that read back as x
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    tail = "." + digits[1:] if len(digits) > 1 else ""
    return f"{digits[0]}{tail}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def canonical(value):
    if isinstance(value, dict):
        keys = sorted(value, key=lambda k: k.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(k)}:{canonical(value[k])}" for k in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int):
        check(abs(value) <= 2**53, f"{value} is beyond 2^53")
        return ecmascript_number(float(value))
    if isinstance(value, float):
        return ecmascript_number(value)
    # The escapes of ECMAScript and of json.dumps are the same ones.
    return json.dumps(value, ensure_ascii=False)


# C2SP signed-note and tlog-checkpoint.


def read_vkey(text):
    name, key_id, key = text.strip().split("+", 2)
    raw = base64.b64decode(key, validate=True)
    check(raw[0] == 1 and len(raw) == 33, "the verifier key is not Ed25519")
    check(hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() == key_id, "the verifier key's id is wrong")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(raw[1:])


def open_checkpoint(note, vkey):
    name, key_id, key = read_vkey(vkey)
    text, found, signatures = note.rpartition("\n\n")
    check(found and signatures.endswith("\n"), "the checkpoint is not a signed note")
    text += "\n"
    verified = False
    for line in signatures.splitlines():
        dash, signer, value = line.split(" ")
        check(dash == "\u2014", "a signature line does not begin with an em dash")
        value = base64.b64decode(value, validate=True)
        if signer == name and value[:4] == key_id:
            try:
                key.verify(value[4:], text.encode())
            except InvalidSignature:
                raise Fault("the checkpoint's signature does not fit its text") from None
            verified = True
    check(verified, "the checkpoint carries no signature of the log's key")
    origin, size, root = text.splitlines()[:3]
    check(origin == name, "the checkpoint's origin is not the name of the log's key")
    check(str(int(size)) == size, "the checkpoint's size is not in plain decimal")
    return int(size), base64.b64decode(root, validate=True)


# The checks.


def check_leaves(leaves):
    before = bytes(32)
    for number, leaf in enumerate(leaves):
        check(len(leaf) <= 65535, f"leaf {number} has {len(leaf)} bytes")
        event = json.loads(leaf)
        check(canonical(event).encode() == leaf, f"leaf {number} is not canonical JSON")
        check(event["v"] == 1, f"leaf {number} has another format")
        check(event["seq"] == number, f"leaf {number} calls itself {event['seq']}")
        check(event["prev"] == before.hex(), f"leaf {number} does not name the leaf before it")
        before = leaf_hash(leaf)


def check_log(leaves, note, vkey):
    check_leaves(leaves)
    size, root = open_checkpoint(note, vkey)
    check(size == len(leaves), f"the checkpoint is over {size} leaves, the log has {len(leaves)}")
    check(merkle_tree_hash(leaves) == root, "the Merkle root is not the checkpoint's")


def digests(value, path=""):
    """Every SHA-256 that an event names, with where; the hash chain's own and files left in place are not objects."""
    if isinstance(value, dict):
        left_in_place = value.get("reference") is not None
        for key, item in value.items():
            if not (key == "prev" or (left_in_place and key == "digest")):
                yield from digests(item, f"{path}.{key}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from digests(item, f"{path}[{i}]")
    elif isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef"):
        yield path, value


def check_objects(leaves, store):
    have = {}
    for file in store.glob("??/*"):
        data = file.read_bytes()
        name = file.parent.name + file.name
        check(hashlib.sha256(data).hexdigest() == name, f"the object {name} has another SHA-256")
        have[name] = data
    named = 0
    for number, leaf in enumerate(leaves):
        for path, digest in digests(json.loads(leaf)):
            # A segment is an append-only file of its own; its digest is not an object's.
            if ".segments." in path:
                continue
            check(digest in have, f"event {number} names at {path} the object {digest}, which is not in the store")
            named += 1
    return have, named


def check_statements(objects, pem):
    key = load_pem_public_key(pem.encode())
    kinds = set()
    for name, data in objects.items():
        if not data.startswith(b'{"payload":'):
            continue
        envelope = json.loads(data)
        payload = base64.b64decode(envelope["payload"], validate=True)
        kind = envelope["payloadType"].encode()
        encoded = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        try:
            key.verify(base64.b64decode(envelope["signatures"][0]["sig"], validate=True), encoded)
        except InvalidSignature:
            raise Fault(f"the statement {name} is not signed by the log's key") from None
        statement = json.loads(payload)
        check(statement["_type"] == "https://in-toto.io/Statement/v1", f"{name} is not an in-toto statement")
        for subject in statement["subject"]:
            check(subject["digest"]["sha256"] in objects, f"{name} speaks about an object that is not in the store")
        kinds.add(statement["predicateType"])
    return kinds


def refuses(what, *args):
    """Tampering must be found: a check that cannot fail proves nothing."""
    try:
        check_log(*args)
    except (Fault, ValueError, KeyError) as found:
        passed(f"{what} is found: {found}")
        return
    raise Fault(f"{what} was not found")


def passed(what):
    print(f"  ok  {what}")
    PASSED.append(what)


def tampered(leaves, note, vkey):
    middle = len(leaves) // 2
    swapped = leaves[:middle] + [leaves[middle + 1], leaves[middle]] + leaves[middle + 2 :]
    flipped = leaves[middle].replace(b'"via":"cli"', b'"via":"clo"')
    check(flipped != leaves[middle], "the event in the middle has no `via` to change")
    refuses("a changed event", leaves[:middle] + [flipped] + leaves[middle + 1 :], note, vkey)
    last = leaves[-1].replace(b'"via":"cli"', b'"via":"clo"')
    refuses("a changed last event", leaves[:-1] + [last], note, vkey)
    refuses("two events in another order", swapped, note, vkey)
    refuses("a dropped last event", leaves[:-1], note, vkey)
    refuses("an event twice", leaves + leaves[-1:], note, vkey)
    lines = note.split("\n")
    lines[1] = str(int(lines[1]) - 1)
    refuses("a checkpoint of another size", leaves[:-1], "\n".join(lines), vkey)
    other = Ed25519PublicKey.from_public_bytes(bytes([0x58] + [0x66] * 31)).public_bytes_raw()
    name = vkey.split("+")[0]
    key_id = hashlib.sha256(name.encode() + b"\n\x01" + other).digest()[:4].hex()
    refuses("another log's key", leaves, note, f"{name}+{key_id}+{base64.b64encode(bytes([1]) + other).decode()}")


def known_answers():
    """The empty and the eight-leaf tree of the certificate-transparency test data, and RFC 8785's own numbers."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    root = merkle_tree_hash([bytes.fromhex(i) for i in inputs]).hex()
    check(root == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328", "RFC 6962 is misread here")
    written = {333333333.33333329: "333333333.3333333", 1e30: "1e+30", 4.5: "4.5", 2e-3: "0.002", 1e-27: "1e-27"}
    written |= {1e21: "1e+21", 1e20: "100000000000000000000", 1e-6: "0.000001", 1e-7: "1e-7", -1.5e-9: "-1.5e-9"}
    written |= {5e-324: "5e-324", 1.7976931348623157e308: "1.7976931348623157e+308", 123456.789: "123456.789"}
    for number, text in written.items():
        check(ecmascript_number(number) == text, f"RFC 8785 is misread here: {text} against {ecmascript_number(number)}")
    passed("known answers of RFC 6962 and RFC 8785")


def ask(program, workspace, *command):
    done = subprocess.run([program, "--workspace", workspace, *command], capture_output=True, check=False)
    check(done.returncode == 0, f"driftgate {' '.join(command)} ended {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def main(program, workspace):
    known_answers()
    leaves = ask(program, workspace, "audit", "log", "--raw").split(b"\n")[:-1]
    note = ask(program, workspace, "audit", "checkpoint").decode()
    keys = json.loads(ask(program, workspace, "audit", "keys", "show", "--json"))
    shown = ask(program, workspace, "audit", "keys", "show").decode()
    vkey = keys["log_vkey"]
    check(vkey in shown, "audit keys show does not show the verifier key that --json gives")
    check(len(leaves) >= 8, f"a workspace with {len(leaves)} events proves little")
    check_log(leaves, note, vkey)
    passed(f"{len(leaves)} leaves: canonical, chained, under the signed root")
    check(json.loads(leaves[0])["body"]["log_key"] == vkey, "the first event names another key")
    passed("the first event names the key that signs")
    objects, named = check_objects(leaves, pathlib.Path(workspace, ".driftgate", "objects"))
    passed(f"{len(objects)} objects have the digest they are named by; events name {named}, and all are there")
    kinds = check_statements(objects, keys["log_pem"])
    check(len(kinds) >= 3, f"signed statements of the kinds {sorted(kinds)} alone")
    passed(f"signed statements verify: {', '.join(sorted(kinds))}")
    tampered(leaves, note, vkey)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Fault as fault:
        print(f"  FAULT  {fault}")
        print(f"ledger-proof: {len(PASSED)} passed, 1 failed")
        sys.exit(1)
    print(f"ledger-proof: {len(PASSED)} passed, 0 failed")
