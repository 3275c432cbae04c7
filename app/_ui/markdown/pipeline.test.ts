import fc from 'fast-check'
import { toHtml } from 'hast-util-to-html'
import { toJsxRuntime } from 'hast-util-to-jsx-runtime'
import type { JSX } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { type Blocks, growBlocks } from '#app/_ui/markdown/blocks.ts'
import { cutPieces, isTooCostly } from '#app/_ui/markdown/bounds.ts'
import { closeOpenSyntax } from '#app/_ui/markdown/close-open-syntax.ts'
import { highlight } from '#app/_ui/markdown/highlight.ts'
import { JSX_OPTIONS } from '#app/_ui/markdown/jsx-options.ts'
import { math } from '#app/_ui/markdown/math.ts'
import { looksLikeMath } from '#app/_ui/markdown/math-syntax.ts'
import { createPipeline } from '#app/_ui/markdown/pipeline.ts'
import { renderMarkdown } from '#app/_ui/markdown/server.ts'

const labels = { copy: 'Copy', code: 'Code', table: 'Table', footnotes: 'Footnotes' }
const NO_BLOCKS: Blocks = { settled: [], rest: '' }
const bare = createPipeline({ labels })
const full = createPipeline({ labels, idPrefix: 'm', math, highlight })
const html = (markdown: string) => toHtml(bare.render(markdown))

describe('Markdown', () => {
  it.each([
    ['plain *words* and **more**', '<p>plain <em>words</em> and <strong>more</strong></p>'],
    ['**“中文”**后', '<p><strong>“中文”</strong>后</p>'],
    ['这是**重点。**下一句', '<p>这是<strong>重点。</strong>下一句</p>'],
    ['**“你好”。**他说', '<p><strong>“你好”。</strong>他说</p>'],
    ['从20~25到30~35', '<p>从20~25到30~35</p>'],
    ['~~gone~~', '<p><del>gone</del></p>'],
    ['a | b\n', '<p>a | b</p>'],
    ['one\\\ntwo', '<p>one<br>\ntwo</p>'],
    ['3. three', '<ol start="3">\n<li>three</li>\n</ol>'],
    ['- [x] done', '<ul>\n<li><label><input type="checkbox" checked disabled> done</label></li>\n</ul>'],
    [
      '- [ ] open\n  - below',
      '<ul>\n<li><label><input type="checkbox" disabled> open\n</label><ul>\n<li>below</li>\n</ul>\n</li>\n</ul>',
    ],
  ])('%j', (markdown, expected) => expect(html(markdown)).toBe(expected))

  it('keeps markup as words, and the line break of tables as a break', () => {
    expect(html('a <b>bold</b> b')).toBe('<p>a &#x3C;b>bold&#x3C;/b> b</p>')
    expect(html('| a |\n|---|\n| x<br>y |')).toContain('x<br>y')
  })

  it('frames code with its language and a copy button', () => {
    expect(html('```ts\nlet a\n```')).toBe(
      '<div class="code-block"><div class="code-bar"><span>ts</span><button type="button" class="code-copy">Copy</button></div>' +
        '<pre tabindex="0" role="group" aria-label="Code: ts"><code class="language-ts">let a\n</code></pre></div>',
    )
  })

  it('lets tables scroll with the keyboard', () => {
    expect(html('|a|b|\n|-|-:|\n|1|2|')).toContain(
      '<div class="table-scroll" tabindex="0" role="group" aria-label="Table">',
    )
  })

  it('opens links elsewhere and tells them nothing', () => {
    expect(html('[a](https://x.test/)')).toBe(
      '<p><a href="https://x.test/" rel="noopener noreferrer nofollow" target="_blank">a</a></p>',
    )
  })

  it('never fetches a picture', () => {
    expect(html('![cat](https://x.test/p.png?secret)')).toBe(
      '<p><a href="https://x.test/p.png?secret" rel="noopener noreferrer nofollow" target="_blank">cat</a></p>',
    )
    expect(html('![cat](data:image/png;base64,AAAA)')).toBe('<p>cat</p>')
  })

  it('survives nesting without end', async () => {
    expect(await renderMarkdown('>'.repeat(20_000), labels, 'm')).toContain('>>>')
    expect(await renderMarkdown('['.repeat(20_000), labels, 'm')).toContain('[[[')
    expect(await renderMarkdown('> - '.repeat(10_000), labels, 'm')).toContain('> - ')
    expect(await renderMarkdown('\\('.repeat(20_000), labels, 'm')).toContain('(')
    expect(await renderMarkdown('\\[\n'.repeat(5_000), labels, 'm')).toContain('[')
  })
})

describe('what rendering may cost', () => {
  const costly: [string, string][] = [
    ['emphasis that never closes', '*a_'.repeat(4_000)],
    ['addresses in a row', 'www.a_'.repeat(4_000)],
    ['rows that a header makes wide', `${'|a'.repeat(1_000)}|\n${'|-'.repeat(1_000)}|\n${'|a|\n'.repeat(200)}`],
    ['items without end', '- a\n'.repeat(4_000)],
    ['a staircase of lists', Array.from({ length: 90 }, (_, depth) => `${'  '.repeat(depth)}- a`).join('\n')],
    ['thousands of code blocks', '```js\na\n```\n'.repeat(4_000)],
  ]
  it.each(costly)('%s: shown as written', async (_name, text) => {
    expect(isTooCostly(text)).toBe(true)
    const shown = await renderMarkdown(text, labels, 'm')
    expect(shown).toMatch(/^<p class="whitespace-pre-wrap">[^<]*<\/p>$/)
    expect(shown).toContain(text.slice(0, 100))
    expect(growBlocks(NO_BLOCKS, text, full.parse)).toEqual({ settled: [], rest: text })
  })

  it('sets formulas while they are few, and leaves the others as they were written', async () => {
    const shown = await renderMarkdown(`${'$x^2$ '.repeat(20)}\n\n`.repeat(10), labels, 'm')
    expect(shown.match(/class="katex"/g)!.length).toBeLessThan(200)
    expect(shown).toMatch(/<code>x\^2<\/code>\s*<\/p>$/)
    expect(await renderMarkdown(`$$\n${'\\frac{1}{'.repeat(40)}${'}'.repeat(40)}\n$$`, labels, 'm')).not.toContain(
      'katex',
    )
  })

  it('leaves code on endless lines, and long code, without colours', async () => {
    expect(await renderMarkdown(`\`\`\`bash\n${'"$('.repeat(1_000)}\n\`\`\``, labels, 'm')).not.toContain('hljs')
    expect(await renderMarkdown(`\`\`\`js\n${'let a\n'.repeat(5_000)}\`\`\``, labels, 'm')).not.toContain('hljs')
  })

  it('renders a long ordinary answer whole, in pieces that join to it', async () => {
    const text = `${SAMPLE}\n`.repeat(20).replaceAll(/\[\^\w+\](?::.*)?/g, '')
    const pieces = cutPieces(text)
    expect(pieces.length).toBeGreaterThan(5)
    expect(pieces.join('')).toBe(text)
    expect(pieces.filter(isTooCostly)).toEqual([])
    const whole = [...toHtml(full.render(SAMPLE)).matchAll(/<h\d/g)].length * 20
    expect([...(await renderMarkdown(text, labels, 'm')).matchAll(/<h\d/g)].length).toBe(whole)
  })

  it('does not cut within code, lists, quotes and tables', () => {
    const long = 'x'.repeat(1_200)
    for (const text of [
      `\`\`\`\n${long}\n\nlet a\n\n# b\n\`\`\`\n`,
      `- ${long}\n\n- b\n\n  c\n`,
      `> ${long}\n\n> b\n`,
      `1. ${long}\n\n2. b\n`,
    ]) {
      expect(cutPieces(text)).toEqual([text])
    }
    expect(cutPieces(`- ${long}\n\nThen`)).toEqual([`- ${long}\n\n`, 'Then'])
    expect(cutPieces(`${long}[a]\n\nThen\n\n[a]: https://x.test/\n`)).toHaveLength(1)
  })
})

describe('hostile text', () => {
  const hostile = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg/onload=alert(1)>',
    '<iframe src="javascript:alert(1)"></iframe>',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](java\nscript:alert(1))',
    '[x](&#106;avascript:alert(1))',
    '[x](vbscript:x)',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](/api/auth/signout)',
    '[x](//evil.test)',
    '[x][y]\n\n[y]: javascript:alert(1)',
    '<javascript:alert(1)>',
    '![x](javascript:alert(1))',
    '![x][y]\n\n[y]: https://x.test/track.png',
    '<a href="https://x.test" onclick="x">y</a>',
    '<style>*{display:none}</style>',
    '<div style="position:fixed">x</div>',
    '```"><img src=x onerror=alert(1)>\nx\n```',
    '$$\\href{javascript:alert(1)}{x}$$',
    '\\(\\htmlData{a=b}{x}\\)',
    '$$\\includegraphics{https://x.test/a.png}$$',
    '| <img src=x onerror=alert(1)> |\n|---|',
    '[^1]\n\n[^1]: <script>alert(1)</script>',
    '<base href="https://evil.test/">',
    '<form action="https://evil.test"><input name=a></form>',
  ]
  it.each(hostile)('%j stays harmless', async (text) => {
    const result = await renderMarkdown(text, labels, 'm')
    const tags = [...result.matchAll(/<([a-z][\w-]*)((?:\s[^>]*)?)>/gi)]
    for (const [, tag, attributes] of tags) {
      expect([
        'script',
        'img',
        'svg',
        'iframe',
        'style',
        'base',
        'form',
        'object',
        'embed',
        'link',
        'meta',
      ]).not.toContain(tag)
      expect(attributes).not.toMatch(/\son\w+=/i)
      for (const [, href] of attributes!.matchAll(/(?:href|src)="([^"]*)"/g))
        expect(href).toMatch(/^(https?:\/\/|mailto:|#)/)
    }
  })
})

describe('maths', () => {
  it.each([
    '$5 and $10',
    '价格是$5，或者$10',
    'US$5/人和US$6',
    '$20/$30 each',
    'echo $HOME and $PATH',
    '$HOME/bin:$HOME',
    'from $1,000 to $2,000.',
    '`$x$`',
    'it costs \\$5 and 6$',
    'about $$ and nothing',
    '$5 + tax, so 10$',
  ])('%j is not', (markdown) => expect(html(markdown)).not.toContain('math-inline'))

  it.each([
    ['$x$', 'x'],
    ['$x^2 + y^2 = z^2$', 'x^2 + y^2 = z^2'],
    ['其中$E=mc^2$是', 'E=mc^2'],
    ['\\(a+b\\)', 'a+b'],
    ['设 \\(\\alpha\\) 为角', '\\alpha'],
    ['$O(n)$', 'O(n)'],
    ['$\\text{中文}$', '\\text{中文}'],
    ['$$x$$ within', 'x'],
    ['see \\[x_1\\] here', 'x_1'],
  ])('%j is', (markdown, formula) =>
    expect(html(markdown)).toContain(`<code class="language-math math-inline">${formula}</code>`),
  )

  it.each(['$$\nx = 1\n$$', '$$ x = 1 $$', '\\[\nx = 1\n\\]', '\\[ x = 1 \\]', '\\[x = 1\n\\]'])(
    '%j stands alone',
    (markdown) => {
      expect(html(markdown)).toMatch(/^<pre><code class="language-math math-display">\s*x = 1\s*<\/code><\/pre>$/)
    },
  )

  it('ends a paragraph, and holds what would otherwise begin a list', () => {
    expect(html('So\n\\[\na\n- b\n\\]\nand')).toBe(
      '<p>So</p>\n<pre><code class="language-math math-display">a\n- b</code></pre>\n<p>and</p>',
    )
    expect(html('1. one\n   $$\n   a\n   $$\n2. two')).toContain('math-display')
  })

  it('is text when it never ends', () => {
    expect(html('$$\nx = 1\n\nnext **one**')).toBe('<p>$$\nx = 1</p>\n<p>next <strong>one</strong></p>')
    expect(html('\\( a')).toBe('<p>( a</p>')
  })

  it('shows what cannot be read as it was written', async () => {
    expect(await renderMarkdown('$$\\frac{$$', labels, 'm')).toContain('\\frac{')
  })

  it('tells formulas from sentences', () => {
    expect(['a+b', '5', '2x', 'n!', '\\frac12', 'a = b'].filter(looksLikeMath)).toHaveLength(6)
    expect(['', ' a', 'a ', '5k-', 'and then', 'HOME/bin:', '人'].filter(looksLikeMath)).toEqual([])
  })
})

const SAMPLE = `# 标题 Title

A paragraph with **bold “quotes”**后, \`code\`, and [a link](https://x.test/a_b).
It costs $5 and $10, where $x^2$ is maths.

- one
- two

  more of two
  1. inner

> a quote
> goes on

| a | b |
|---|--:|
| 1 | **2** |

\`\`\`python
def f(x):

    return "$x$"
\`\`\`

\\[
a = \\frac{1}{2}
- b
\\]

Setext
------

- a
***bold*** lazy

$$
\\sum_{i=1}^{n} i
$$

~~done~~ ![p](https://x.test/p.png) <div>raw</div>
`

describe('streaming', () => {
  const whole = toHtml(full.render(SAMPLE))

  it('gives the same HTML in blocks as in one piece, however the text came in', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 5, maxLength: 60 }), (steps) => {
        let blocks = NO_BLOCKS
        let end = 0
        for (let index = 0; end < SAMPLE.length; index++) {
          end = Math.min(SAMPLE.length, end + steps[index % steps.length]!)
          blocks = growBlocks(blocks, SAMPLE.slice(0, end), full.parse)
          expect(blocks.settled.join('') + blocks.rest).toBe(SAMPLE.slice(0, end))
        }
        const parts = [...blocks.settled, blocks.rest].map((block) => toHtml(full.render(block)))
        expect(parts.join('\n')).toBe(whole)
      }),
      { numRuns: 20 },
    )
  })

  it('never takes back a settled block', () => {
    let blocks = NO_BLOCKS
    for (let end = 1; end <= SAMPLE.length; end++) {
      const next = growBlocks(blocks, SAMPLE.slice(0, end), full.parse)
      expect(next.settled.slice(0, blocks.settled.length)).toEqual(blocks.settled)
      blocks = next
    }
    expect(blocks.settled.length).toBeGreaterThan(8)
  })

  it('renders every beginning of a text', () => {
    for (let end = 0; end <= SAMPLE.length; end++) {
      expect(() => toHtml(full.render(closeOpenSyntax(SAMPLE.slice(0, end))))).not.toThrow()
    }
  })

  it('renders every beginning of any text', () => {
    const pieces = [
      '**',
      '*',
      '_',
      '`',
      '```',
      '\n',
      '\n\n',
      '$',
      '$$',
      '\\[',
      '\\]',
      '\\(',
      '[',
      '](',
      ')',
      '<',
      '|',
      '- ',
      '> ',
      '1. ',
      '中',
      '。',
      'a',
      ' ',
      '~',
      '#',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (parts) => {
        const text = parts.join('')
        toHtml(full.render(closeOpenSyntax(text)))
        const blocks = growBlocks(NO_BLOCKS, text, full.parse)
        expect(blocks.settled.join('') + blocks.rest).toBe(text)
      }),
      { numRuns: 300 },
    )
  })

  it('closes what is still open', () => {
    expect(html(closeOpenSyntax('a **bo'))).toBe('<p>a <strong>bo</strong></p>')
    expect(html(closeOpenSyntax('see [here](https://x.te'))).toBe('<p>see here</p>')
    expect(html(closeOpenSyntax('\\[\na + b'))).toContain('math-display')
    expect(html(closeOpenSyntax('so \\(a + b'))).toContain('math-inline')
  })

  it('does not cut a text whose definitions reach everywhere', () => {
    const text = '[a][b]\n\nx\n\n[b]: https://x.test/\n\ny\n'
    expect(growBlocks(NO_BLOCKS, text, full.parse)).toEqual({ settled: [], rest: text })
  })
})

it('is the same on the server as in the browser', async () => {
  const inBrowser = renderToStaticMarkup(toJsxRuntime(full.render(SAMPLE), JSX_OPTIONS) as JSX.Element)
  const onServer = await renderMarkdown(SAMPLE, labels, 'm')
  expect(normalise(inBrowser)).toEqual(normalise(onServer))
})

/** Tags with sorted attributes and text: two writers quote and order differently. */
function normalise(source: string): string[] {
  const entities: Record<string, string> = {
    '&#x27;': "'",
    '&quot;': '"',
    '&#x22;': '"',
    '&gt;': '>',
    '&lt;': '<',
    '&#x3C;': '<',
    '&amp;': '&',
    '&#x26;': '&',
  }
  const text = (value: string) => value.replace(/&(?:#x[\dA-F]+|\w+);/gi, (entity) => entities[entity] ?? entity)
  // React leaves out the line breaks between the parts of a table.
  const parts = source.split(/(<[^>]+>)/).map((part) => part.replace(/^\n$/, ''))
  return parts.map((part) => {
    if (!part.startsWith('<')) return text(part)
    const [tag] = /^<\/?[\w-]+/.exec(part)!
    const attributes = [...part.matchAll(/\s([\w:-]+)(?:="([^"]*)")?/g)].map(
      ([, name, value]) =>
        `${name!.toLowerCase()}=${text(value ?? '')
          .replace(/:\s+/g, ':')
          .replace(/;\s*$/, '')}`,
    )
    return `${tag} ${attributes.sort().join(' ')}`
  })
}
