"""A window from which files can be dragged, as from a file manager: drag_source.py X Y FILE..."""

import pathlib
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402

x, y = int(sys.argv[1]), int(sys.argv[2])
uris = [pathlib.Path(file).absolute().as_uri() for file in sys.argv[3:]]

window = Gtk.Window(title="Files to drag")
window.set_decorated(False)
window.set_default_size(120, 60)
window.move(x, y)
handle = Gtk.EventBox()
handle.add(Gtk.Label(label=f"{len(uris)} files"))
handle.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
handle.drag_source_add_uri_targets()
handle.connect("drag-data-get", lambda _widget, _context, data, _info, _time: data.set_uris(uris))
window.add(handle)
window.connect("destroy", Gtk.main_quit)
window.show_all()
window.move(x, y)
Gtk.main()
