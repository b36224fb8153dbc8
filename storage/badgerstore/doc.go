// Package badgerstore keeps circles on disk, in one Badger database.
//
// # Keys
//
// One database holds many circles. Every key begins with the circle's local
// number (u32, big endian), which the table leaves out; number 0 is the node's
// own. "num" is an unsigned varint, a# a device's local number (u32, big endian,
// from 1), arr an arrival number (u64, big endian), seq five bytes big endian.
//
//	a|device key(32)        a# (4)                       short keys for devices
//	o|arr                   flags, id[0:4], num known set, num day ops,
//	                        num day bytes, num header length, header, signature,
//	                        body                         the arrival log
//	i|id[0:20]              num arr                      where an op is in o|
//	l|a#|seq|num arr        -                            lanes; a second key at one seq is a fork
//	t|a#|slot(u32)          id, hlc (8), num seq, num arr   tips of a device that forked; an op takes
//	                                                     the slot of its prev
//	k|a#                    num seq, two ids             the first proof of a fork
//	e|which|chunk(u32)      ids                          heads (0) and control heads (1), 1,024 a chunk
//	g|arr                   -                            control ops by arrival
//	n|number(u32)           ids                          known sets
//	v|rebuild               -                            an index rebuild was begun and not ended
//
// All other letters are rows of the node, opaque here. Values without a name are
// empty, and a CBOR array is canonical. Of a circle:
//
//	w|missing id(32)|id(32) [header, signature, body, peer, since (ms)]
//	                                                     an op that waits, under one of what it waits for;
//	                                                     under its own id for its body
//	m|arr                   id                           a body that is missing
//	u|epoch id(16)|arr      -                            a body for which there is no key
//	r|record id(32)|arr     -                            an op whose change belongs to a record
//	                                                     that another made
//	c                       [version, arr, void digest]  what the checkpoint stands for
//	c|record id(32)|n(u32)  changes                      the checkpoint of a record, in pieces
//	f|op id(32)             [change without words, h]    a change that has faded; empty: its body was
//	                                                     gone before it was read here
//	x|arr                   id                           an op of a kind that this version does not know
//	z|arr                   id                           an op of the future, without effect yet
//	q|op id(32)|arr         -                            an op that waits for the header of the one it names
//	j|id(32)                [header, signature, body]    a control op handed over at joining or parting,
//	                                                     until the log has it
//	h|device(32)            [last heard (ms), [[device, seq] …], digest]
//	                                                     what another device is known to hold
//	p|transport key(32)     row of the network           the address book
//	y|p|post id(32)         text                         the place of a post, which only an agreement sends
//	y|g|name                [member …]                   a group of the member's own
//	y|w|talk id(32)|verb    text                         words that wait for their turn in a talk
//	y|o|key                 value                        what the member keeps for themselves alone
//	y|f                     -                            bodies went, and may lie in the files still
//	y|t|member(32)          seq(8)                       whose devices are left out of what is written for a few, since that own op
//	y|goodbye               GOODBYE frame                what this home was told of its parting
//	y|round                 [next, found, done (ms), last found]
//	                                                     how far the look over the log has come
//	y|still                 [since (s), arr]             how much the log held when the time began in
//	                                                     which its person is not to be disturbed
//	y|kinds                 [number …]                   the kinds of bodies that what is derived was made
//	                                                     with; none: those of the first version
//	y|rebuilding            -                            a rebuild of such rows was begun and not ended
//
// r, u, m, q, x and c can be made again from the log. The bars after y are part of
// the key as it is; all other bars stand for nothing. The node's own number 0 has
//
//	a|circle id(32)         number (4)                   circles
//	v|next                  number (4)                   the number of the next new circle
//	v|drop|number(4)        -                            a circle that is being deleted
//	v|version               version (1)                  of this table
//	v|forget                -                            there only while old versions are being let go
//	G|circle(32)|peer(32)   when (s, 8)                  a GOODBYE was said
//	R|circle(32)|hash(32)   asking                       who asks at this door to be let back in
//	N|circle(32)            -                            let in, and no name said yet
//	B                       when (ms, 8)                 a backup was last kept
//	b                       when (ms, 8)                 a word about a backup was put aside
//	C|circle(32)            secret                       the address of one's own calendar
//
// flags of o|: 1 body held, 2 body gone for good, 4 signature held, 8 the op is the only
// head if it is the newest, whatever e| says. Headers, signatures and bodies are the bytes
// that were signed; ids are hashed from them again when an op is read and compared with
// what o| and i| say, which is how damage shows, for the encryption of Badger hides and
// does not authenticate.
//
// The tip of a device that did not fork is the end of its lane, and most who write have
// one head before them: neither is written with each op. Tips have slots, rather than ids
// in their keys, so that a branch that grows writes over one key and leaves no trail of
// deleted ones. a, i, l, t, k and g can be made again from o.
//
// # Damaged files
//
// Before Badger opens the files they are looked at: what it makes of a list of
// tables that was cut off, or of a table without its end, is worse than a refusal.
// A store that was closed has a seal, SEAL, with the checksums of its files; it goes
// when the store is opened. After a crash there is none, and no more is known than
// that the list and the ends of the tables are sound: a write-ahead file that was
// damaged between a crash and the next opening is taken up to the damage.
//
// # Older layouts
//
// v|version names the layout. A store of an older one is copied row by row into a
// new folder, which takes its place once it is whole; the old one is kept, as it
// was, until the next [Store.Forget]. The index of one before version 2 is not copied:
// it is made again from o| when its circle is first opened, which takes that every op can
// be read. One of a newer layout is not opened.
//
// # What is let go
//
// Badger keeps what was overwritten or deleted until it happens to rewrite the
// file. When bodies went, the node calls [Store.Forget], which rewrites at once.
//
// # What is safe when
//
// A batch is one Badger transaction, so it is there as a whole or not at all.
// Badger can sync every write or none. Here a batch that asks for it is followed
// by one sync; others are not, and a power cut may take them. It must then take
// them from the end: were an older batch to vanish and a newer one to stay, ops
// would lack their parents. Within one write-ahead file Badger sees to that. But
// when a memtable is full, writing goes on in another file, and a later sync
// covers only that one. So before a write that could be the first in a new file,
// what is in the old one is synced; see journal.
//
// # While nothing is written
//
// Badger's compactors look for work twenty times a second each. Some seconds after the
// last write, and once all is compacted, they are made to stand still until the next;
// see rest.
package badgerstore
