// Checks the built site: every link and anchor leads somewhere in it, and no page loads anything from elsewhere.
//
//   node check.mjs DIRECTORY
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const attribute = /<(\w+)\b[^>]*?\s(href|src)="([^"]*)"/g
const loads = /<(?:script|img|iframe|source|video|audio)\b[^>]*?\ssrc="([^"]*)"|<link\b[^>]*?\shref="([^"]*)"|url\(\s*["']?((?:https?:)?\/\/[^)"']*)|@import\s+["']([^"']*)/g

// check returns what is wrong with the site in a directory.
export function check(dir) {
  const files = readdirSync(dir, { recursive: true }).filter((name) => statSync(path.join(dir, name)).isFile())
  const ids = new Map()
  const read = (name) => readFileSync(path.join(dir, name), 'utf8')
  const anchors = (name) => {
    if (!ids.has(name)) ids.set(name, new Set([...read(name).matchAll(/\s(?:id|name)="([^"]*)"/g)].map((m) => m[1])))
    return ids.get(name)
  }
  const found = []
  for (const name of files.filter((name) => /\.(html|css)$/.test(name))) {
    const text = read(name)
    for (const m of text.matchAll(loads)) {
      const address = m[1] ?? m[2] ?? m[3] ?? m[4]
      if (/^(https?:)?\/\//.test(address)) found.push(`${name}: loads ${address} from elsewhere`)
    }
    if (!name.endsWith('.html')) continue
    for (const [, , , link] of text.matchAll(attribute)) {
      const why = broken(name, decodeURI(link.replaceAll('&amp;', '&')))
      if (why) found.push(`${name}: the link to ${link} ${why}`)
    }
  }
  return [...new Set(found)]

  function broken(from, link) {
    if (/^([a-z][a-z+.-]*:|\/\/)/i.test(link)) return ''
    const [address, anchor] = link.split('#')
    let to = address === '' ? from : address.startsWith('/') ? address.slice(1) : path.posix.join(path.posix.dirname(from), address)
    if (to === '' || to.endsWith('/')) to += 'index.html'
    if (!existsSync(path.join(dir, to))) return 'leads to no file'
    if (anchor && to.endsWith('.html') && !anchors(to).has(anchor)) return 'leads to no heading'
    return ''
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = check(process.argv[2])
  for (const f of found) console.error('docs: ' + f)
  process.exit(found.length > 0 ? 1 : 0)
}
