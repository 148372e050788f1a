// node --test: the check of the site finds what is wrong, and links of pages lead where they should.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { check } from './check.mjs'
import { repository, route, sidebar, slug, target } from './pages.mjs'

function site(t, files) {
  const dir = mkdtempSync(path.join(tmpdir(), 'uvgo-docs-'))
  t.after(() => rmSync(dir, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
    writeFileSync(path.join(dir, name), text)
  }
  return dir
}

test('a site without faults', (t) => {
  const dir = site(t, {
    'index.html': '<a href="/sub/x.html#here">x</a><a class="c" href="#top">top</a><p id="top"></p><a href="https://example.org/">e</a><img src="/a.svg">',
    'sub/x.html': '<a href="../">home</a><h1 id="here"></h1><a href="/">home</a>',
    'a.svg': '<svg/>',
    'a.css': 'p { background: url(data:image/png;base64,xx) }',
  })
  assert.deepEqual(check(dir), [])
})

test('broken links, and things from elsewhere', (t) => {
  const dir = site(t, {
    'index.html': '<a href="/none.html">n</a><a href="/x.html#none">x</a><a href="#gone">g</a><script async src="https://example.org/a.js"></script><link rel="stylesheet" href="//example.org/a.css">',
    'x.html': '<img alt="" src="none.svg">',
    'a.css': '@import "https://example.org/b.css"; p { background: url("https://example.org/p.png") }',
  })
  assert.deepEqual(check(dir).sort(), [
    'a.css: loads https://example.org/b.css from elsewhere',
    'a.css: loads https://example.org/p.png from elsewhere',
    'index.html: loads //example.org/a.css from elsewhere',
    'index.html: loads https://example.org/a.js from elsewhere',
    'index.html: the link to #gone leads to no heading',
    'index.html: the link to /none.html leads to no file',
    'index.html: the link to /x.html#none leads to no heading',
    'x.html: the link to none.svg leads to no file',
  ])
})

test('links of pages', () => {
  assert.equal(target('server.md#udp', 'docs/uvnet.md'), '/server.md#udp')
  assert.equal(target('README.md', 'docs/uvnet.md'), '/index.md')
  assert.equal(target('../README.md#more', 'docs/uvnet.md'), '/index.md#more')
  assert.equal(target('../examples/README.md', 'docs/uvnet.md'), '/examples.md')
  assert.equal(target('../docs/server.md', 'examples/README.md'), '/server.md')
  assert.equal(target('http/main.go', 'examples/README.md'), repository + '/blob/main/examples/http/main.go')
  assert.equal(target('../examples/web', 'docs/uvhttp.md'), repository + '/tree/main/examples/web')
  assert.equal(target('https://example.org/#x', 'docs/uvnet.md'), 'https://example.org/#x')
  assert.equal(target('#here', 'docs/uvnet.md'), '#here')
  assert.equal(slug('Shutdown (ExampleServer_Shutdown)'), 'shutdown-exampleserver_shutdown')
  assert.equal(slug('net/http: Where, and why?'), 'nethttp-where-and-why')
  assert.equal(route('CHANGELOG.md'), 'changelog.md')
})

test('the sidebar has each page once', () => {
  const all = sidebar().flatMap((group) => group.items.map((item) => item.link))
  assert.ok(all.includes('/index.md') && all.includes('/server.md'))
  assert.equal(new Set(all).size, all.length)
})
