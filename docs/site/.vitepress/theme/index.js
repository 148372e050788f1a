// VitePress's theme without its fonts: the reader's own are used, and the site is smaller.
import theme from 'vitepress/theme-without-fonts'
import './uvgo.css'

export default theme
