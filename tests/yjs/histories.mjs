// Prints random histories (history.mjs, or undone.mjs), one JSON object a line: every transaction's
// update in the order of writing, the states of all replicas, and of the first, which knows
// everything, the state vector, the delete set and the content as Yjs has them.
// Arguments: how many, seed, and "undone" for histories in which editors undo. What those leave is
// shown as Yjs reads it from the state, and `again` as it reads what it then writes.
// Bytes are base64; a BigInt is {"bigint": "…"}.
import * as Y from 'yjs'
import { history } from './history.mjs'
import { undone } from './undone.mjs'

const [count, seed, undoes] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4] === 'undone']

const base64 = bytes => Buffer.from(bytes).toString('base64')
const json = value => JSON.stringify(value, (_, inner) => typeof inner === 'bigint' ? { bigint: `${inner}` } : inner)

const content = doc => ({
  map: doc.getMap('map').toJSON(),
  array: doc.getArray('array').toJSON(),
  text: doc.getText('text').toString(),
})
const again = from => {
  const doc = new Y.Doc({ gc: from.gc })
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(from))
  return doc
}

for (let index = 0; index < count; index++) {
  const { docs, updates, rich } = undoes ? undone(seed, index) : history(seed, index)
  const [doc] = docs
  const shown = undoes ? again(doc) : doc
  const deletes = {}
  Y.createDeleteSetFromStructStore(doc.store).clients.forEach((ranges, client) => {
    deletes[client] = ranges.map(({ clock, len }) => [clock, len])
  })
  console.log(json({
    rich,
    updates: updates.map(base64),
    states: docs.map(doc => base64(Y.encodeStateAsUpdate(doc))),
    clocks: Object.fromEntries(Y.decodeStateVector(Y.encodeStateVector(doc))),
    deletes,
    // As text: values may be nested deeper than JSON readers go.
    content: json(content(shown)),
    again: json(content(again(shown))),
  }))
}
