import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { pages, plugin, repository, route, sidebar, slug } from '../pages.mjs'

// fromHere finds what a page imports (Vue). Vite looks above the page, which is outside of this directory.
const fromHere = {
  name: 'uvgo-from-here',
  enforce: 'pre',
  resolveId(id, importer, options) {
    if (/^vue(\/|$)/.test(id) && importer?.replace(/\?.*/, '').endsWith('.md')) {
      return this.resolve(id, fileURLToPath(import.meta.url), { ...options, skipSelf: true })
    }
  },
}

export default defineConfig({
  title: 'uvgo',
  description: 'libuv for Go: servers on an event loop that crosses into C once a turn.',
  lang: 'en',

  srcDir: '../..', // pages stay where GitHub shows them
  outDir: '../../bin/docs',
  cacheDir: './node_modules/.cache',
  srcExclude: ['third_party/**', 'tests/**', 'internal/**', 'cmd/**', 'bin/**', '**/node_modules/**', 'bench/*/**', 'examples/*/**', 'README.md', 'docs/site/**'],
  rewrites: Object.fromEntries(pages.map((file) => [file, route(file)])),

  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/uvgo.svg' }]],
  markdown: {
    anchor: { slugify: slug },
    config: (md) => void md.use(plugin),
    theme: { light: 'light-plus', dark: 'github-dark' },
  },
  themeConfig: {
    logo: '/uvgo.svg',
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Concepts', link: '/concepts' },
      { text: 'Questions', link: '/faq' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }],
    editLink: { pattern: repository + '/edit/main/:path', text: 'Edit this page' },
    footer: { message: 'MIT License. No io_uring, and memory that does not grow with what peers send.' },
  },
  vite: {
    plugins: [fromHere],
    publicDir: 'docs/site/public', // relative to srcDir
    server: { watch: { ignored: ['**/third_party/**', '**/bin/**'] } },
  },
})
