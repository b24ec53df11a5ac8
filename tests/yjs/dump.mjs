// Prints the content of Yrs v1 states as Yjs reads them.
// Input: JSON on stdin, {"files": [{"path": "…", "roots": {"messages": "map", …}}]}.
// Output: JSON on stdout, one object a file: {"roots": {…}, "pending": false}.
import { readFileSync } from 'node:fs'
import * as Y from 'yjs'

const plain = value =>
  typeof value === 'bigint' ? Number(value)
    : Array.isArray(value) ? value.map(plain)
      : value && typeof value === 'object' && !(value instanceof Uint8Array)
        ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
        : value

const open = ({ path, roots }) => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, readFileSync(path))
  const content = {}
  for (const [name, kind] of Object.entries(roots)) {
    const root = kind === 'array' ? doc.getArray(name) : kind === 'text' ? doc.getText(name) : doc.getMap(name)
    content[name] = plain(root.toJSON())
  }
  return { roots: content, pending: doc.store.pendingStructs !== null || doc.store.pendingDs !== null }
}

const { files } = JSON.parse(readFileSync(0, 'utf8'))
process.stdout.write(JSON.stringify(files.map(open)))
