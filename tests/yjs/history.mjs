// Random histories, as Yjs applications make them: nested types, texts with formats, XML,
// sub-documents, deletions, several clients, garbage collection on and off.
import * as Y from 'yjs'

// mulberry32
export const generator = state => () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const KEYS = ['title', 'content', 'k-1', 'ключ', '🌊']
// Yjs 13 takes a BigInt in a map only.
const ELEMENTS = [1, -7, 2.5, 'text', '🌊 wave', true, null, [1, { a: 'b' }], { deep: { er: [] } }]
const VALUES = [...ELEMENTS, -0, 1n, 123456789012345678n, 2n ** 63n - 1n]

const edit = (doc, random) => {
  const below = n => Math.floor(random() * n)
  const pick = list => list[below(list.length)]
  const nested = () => pick([() => new Y.Map(), () => new Y.Array(), () => new Y.Text('nested')])()
  const map = doc.getMap('map')
  const array = doc.getArray('array')
  const text = doc.getText('text')
  const xml = doc.getXmlFragment('xml')
  switch (below(12)) {
    case 0: case 1: map.set(pick(KEYS), pick(VALUES)); break
    case 2: map.set(pick(KEYS), nested()); break
    case 3: map.delete(pick(KEYS)); break
    case 4: array.insert(below(array.length + 1), [pick(ELEMENTS), pick(ELEMENTS)]); break
    case 5: array.insert(below(array.length + 1), [nested()]); break
    case 6: if (array.length > 0) array.delete(below(array.length), 1); break
    case 7: case 8: text.insert(below(text.length + 1), pick(['hello ', 'ß', '🌊', 'x'])); break
    case 9: if (text.length > 1) text.delete(below(text.length - 1), 1); break
    case 10: {
      const inner = map.get(pick(KEYS))
      if (inner instanceof Y.Map) inner.set(pick(KEYS), pick(VALUES))
      else if (inner instanceof Y.Array) inner.push([new Y.Map([[pick(KEYS), pick(VALUES)]])])
      else if (inner instanceof Y.Text) inner.insert(0, 'more ')
      break
    }
    default: return rich({ doc, map, text, xml, below, pick })
  }
}

// A value inside so many others.
const deep = levels => { let value = 1; while (levels-- > 0) value = [value]; return value }

// What only some documents hold.
const rich = ({ doc, map, text, xml, below, pick }) => {
  if (!doc.rich) return
  switch (below(7)) {
    case 0: if (text.length > 2) text.format(below(text.length - 1), 1, { bold: pick([true, null]) }); break
    case 1: {
      const element = new Y.XmlElement('p')
      element.setAttribute('class', pick(KEYS))
      element.insert(0, [new Y.XmlText('words')])
      xml.insert(below(xml.length + 1), [element])
      break
    }
    case 2: map.set('sub', new Y.Doc()); break
    case 3: text.setAttribute('lang', pick(KEYS)); break
    case 4: map.set(pick(KEYS), deep(below(140))); break
    case 5: {
      let inner = map
      for (let depth = below(24); depth > 0; depth--) inner = inner.set('in', new Y.Map())
      break
    }
    default: text.insertEmbed(below(text.length + 1), { image: 'x.png' })
  }
}

// The documents of a history, the first of which knows everything, and what each transaction wrote,
// in the order of writing. `rich` documents may hold XML, formats and sub-documents.
export const history = (seed, index) => {
  const random = generator(seed * 1000 + index)
  const rich = index % 2 === 0
  const updates = []
  const docs = [0, 1, 2].map(n => {
    const doc = new Y.Doc({ gc: index % 3 !== 0 })
    doc.clientID = Math.floor(random() * 2 ** 32)
    doc.rich = rich
    doc.on('update', (update, origin, of, transaction) => { if (transaction.local) updates.push(update) })
    return doc
  })
  for (let step = 0; step < 10 + index % 60; step++) {
    const doc = docs[Math.floor(random() * docs.length)]
    doc.transact(() => { for (let n = 0; n <= random() * 3; n++) edit(doc, random) })
    if (random() < 0.3) Y.applyUpdate(doc, Y.encodeStateAsUpdate(docs[Math.floor(random() * docs.length)]))
  }
  docs.forEach(doc => Y.applyUpdate(docs[0], Y.encodeStateAsUpdate(doc)))
  return { docs, updates, rich }
}
