// Writes documents as Yjs applications do (history.mjs, or undone.mjs).
// Arguments: directory, how many, seed, and "undone" for those in which editors undo. Writes 0.yrs,
// 1.yrs, …; prints for each whether it may hold XML, formats and sub-documents.
import { writeFileSync } from 'node:fs'
import * as Y from 'yjs'
import { history } from './history.mjs'
import { undone } from './undone.mjs'

const [dir, count, seed] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const make = process.argv[5] === 'undone' ? undone : history

const kinds = []
for (let index = 0; index < count; index++) {
  const { docs, rich } = make(seed, index)
  writeFileSync(`${dir}/${index}.yrs`, Y.encodeStateAsUpdate(docs[0]))
  kinds.push(rich)
}
process.stdout.write(JSON.stringify(kinds))
