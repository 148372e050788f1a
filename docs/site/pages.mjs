// Which Markdown files are pages of the site, and where a link between them leads. The files stay as GitHub shows them.
import { readFileSync, readdirSync, existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
export const repository = 'https://github.com/uvgo/uvgo'
const nav = JSON.parse(readFileSync(new URL('nav.json', import.meta.url), 'utf8'))

// listed holds the pages of nav.json that exist. A page of docs/ that nav.json does not name gets a place of its own.
const listed = nav.flatMap((group) => group.pages).map(([file]) => file)
const unlisted = readdirSync(path.join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => 'docs/' + name)
  .filter((file) => !listed.includes(file))
export const pages = [...listed, ...unlisted].filter((file) => existsSync(path.join(root, file)))

// route is the page's file in the site: docs/README.md is its home, and docs/x.md is x.md.
export function route(file) {
  if (file === 'docs/README.md') return 'index.md'
  return file
    .replace(/^docs\//, '')
    .replace(/\/README\.md$/, '.md')
    .toLowerCase()
}

// title is the first heading of a page.
function title(file) {
  return readFileSync(path.join(root, file), 'utf8').match(/^# (.*)/m)?.[1] ?? file
}

export function sidebar() {
  const item = ([file, text]) => ({ text, link: '/' + route(file) })
  const groups = nav.map((group) => ({
    text: group.text,
    items: group.pages.filter(([file]) => pages.includes(file)).map(item),
  }))
  if (unlisted.length > 0) {
    groups.push({ text: 'More', items: unlisted.map((file) => item([file, title(file)])) })
  }
  return groups
}

// named are the pages' names in the sidebar, by their addresses. A link whose text is a file's name gets it.
const named = new Map(sidebar().flatMap((group) => group.items.map(({ link, text }) => [link, text])))

// slug is the anchor that GitHub gives a heading. VitePress numbers those that repeat as GitHub does.
export function slug(text) {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-')
}

// target is where a link on a page leads: to another page, or to a file of the repository, which the site does not have.
export function target(href, page) {
  if (/^[a-z][a-z+.-]*:/i.test(href) || href.startsWith('#')) return href
  const [name, anchor] = href.split('#')
  const file = path.posix.normalize(path.posix.join(path.posix.dirname(page), name)).replace(/\/$/, '')
  const hash = anchor === undefined ? '' : '#' + anchor
  const readme = path.posix.join(file, 'README.md')
  for (const candidate of [file, readme, file === 'README.md' ? 'docs/README.md' : file]) {
    if (pages.includes(candidate)) return '/' + route(candidate) + hash
  }
  const kind = path.extname(file) === '' && existsSync(path.join(root, file, '.')) ? 'tree' : 'blob'
  return `${repository}/${kind}/main/${file}${hash}`
}

// plugin is one of markdown-it. It points links as target says, and makes indented code look as fenced code does.
export function plugin(md) {
  md.core.ruler.push('uvgo', (state) => {
    const page = state.env.realPath ?? state.env.path
    for (const block of state.tokens) {
      if (block.type === 'code_block') {
        Object.assign(block, { type: 'fence', tag: 'code', info: 'txt', markup: '```' })
      }
      const children = block.children ?? []
      for (const [i, token] of children.entries()) {
        if (token.type !== 'link_open') continue
        const to = target(token.attrGet('href'), path.posix.relative(root, page))
        token.attrSet('href', to)
        const text = children[i + 1]
        if (text.type === 'text' && text.content.endsWith('.md') && named.has(to)) text.content = named.get(to)
      }
    }
  })
}
