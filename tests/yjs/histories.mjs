// Prints random histories (history.mjs), one JSON object a line: every transaction's update in the
// order of writing, the states of all replicas, and of the first, which knows everything, the state
// vector, the delete set and the content as Yjs has them.
// Arguments: how many, seed. Bytes are base64; a BigInt is {"bigint": "…"}.
import * as Y from 'yjs'
import { history } from './history.mjs'

const [count, seed] = [Number(process.argv[2]), Number(process.argv[3])]

const base64 = bytes => Buffer.from(bytes).toString('base64')
const json = value => JSON.stringify(value, (_, inner) => typeof inner === 'bigint' ? { bigint: `${inner}` } : inner)

for (let index = 0; index < count; index++) {
  const { docs, updates, rich } = history(seed, index)
  const [doc] = docs
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
    content: {
      map: doc.getMap('map').toJSON(),
      array: doc.getArray('array').toJSON(),
      text: doc.getText('text').toString(),
    },
  }))
}
