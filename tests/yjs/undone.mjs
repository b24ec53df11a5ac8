// Random histories in which editors undo and redo: in nested types above all, where Yjs writes items
// whose origins cross.
import * as Y from 'yjs'
import { generator } from './history.mjs'

const KEYS = ['a', 'b']
const ROOTS = doc => [doc.getMap('map'), doc.getArray('array'), doc.getText('text')]

// A type somewhere in the document.
const within = (doc, { random, below, pick }) => {
  let at = pick(ROOTS(doc))
  while (random() < 0.7) {
    const next = at instanceof Y.Map ? at.get(pick(KEYS)) : at instanceof Y.Array && at.length > 0 ? at.get(below(at.length)) : null
    if (!(next instanceof Y.AbstractType)) break
    at = next
  }
  return at
}

const edit = (doc, chance) => {
  const { random, below, pick } = chance
  const make = () => pick([() => new Y.Map(), () => new Y.Array(), () => new Y.Text('xyz')])()
  const at = within(doc, chance)
  const remove = () => { const from = below(at.length); at.delete(from, 1 + below(at.length - from)) }
  if (at instanceof Y.Map) {
    const [key, what] = [pick(KEYS), below(6)]
    if (what === 0) at.delete(key)
    else at.set(key, what < 4 ? make() : below(9))
  } else if (at instanceof Y.Array) {
    const what = below(5)
    if (what < 2 && at.length > 0) remove()
    else at.insert(below(at.length + 1), what < 4 ? [below(9), below(9)] : [make()])
  } else if (random() < 0.4 && at.length > 0) remove()
  else at.insert(below(at.length + 1), pick(['a', 'bc', 'def']))
}

// The documents of a history, the first of which knows everything.
export const undone = (seed, index) => {
  const random = generator(seed * 1000003 + index)
  const below = n => Math.floor(random() * n)
  const pick = list => list[below(list.length)]
  const chance = { random, below, pick }
  const docs = Array.from({ length: 1 + below(3) }, (_, n) => {
    const doc = new Y.Doc({ gc: random() < 0.5 })
    doc.clientID = 1 + n
    doc.manager = new Y.UndoManager(ROOTS(doc), { captureTimeout: random() < 0.5 ? 0 : 1e9 })
    return doc
  })
  for (let step = 3 + below(30); step > 0; step--) {
    const doc = pick(docs)
    const what = random()
    if (what < 0.25) doc.manager.undo()
    else if (what < 0.35) doc.manager.redo()
    else doc.transact(() => { for (let n = below(3); n >= 0; n--) edit(doc, chance) })
    if (random() < 0.1) doc.manager.stopCapturing()
    if (random() < 0.3) Y.applyUpdate(doc, Y.encodeStateAsUpdate(pick(docs)))
  }
  docs.forEach(doc => Y.applyUpdate(docs[0], Y.encodeStateAsUpdate(doc)))
  return { docs, updates: [], rich: false }
}
