import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ACCENTS } from '#lib/settings/shared.ts'

const css = readFileSync(path.join(import.meta.dirname, 'globals.css'), 'utf8')

type Tokens = Record<string, string>

/** The custom properties of the first rule with this selector. */
function tokensOf(selector: string): Tokens {
  const start = css.indexOf(`${selector} {`)
  expect(start, selector).toBeGreaterThan(-1)
  const body = css.slice(start, css.indexOf('}', start))
  return Object.fromEntries(
    [...body.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name!, value!.trim()]),
  )
}

const LIGHT = tokensOf(':root')
const DARK = { ...LIGHT, ...tokensOf(':root[data-theme="dark"]') }
const DARK_BY_DEVICE = { ...LIGHT, ...tokensOf(':root:not([data-theme="light"])') }

function numberOf(text: string, tokens: Tokens): number {
  const product = /^calc\(([\d.]+) \* var\(--([\w-]+)\)\)$/.exec(text)
  if (product) return Number(product[1]) * numberOf(tokens[product[2]!]!, tokens)
  const variable = /^var\(--([\w-]+)\)$/.exec(text)
  return variable ? numberOf(tokens[variable[1]!]!, tokens) : Number(text)
}

/** Relative luminance of a token, as a screen of sRGB shows it. */
function luminanceOf(name: string, tokens: Tokens): number {
  const [, parts] = /^oklch\((.+)\)$/.exec(tokens[name]!)!
  const values = [...parts!.matchAll(/calc\([^)]*\)\)|var\([^)]*\)|[\d.]+/g)].map(([text]) => numberOf(text, tokens))
  const [lightness, chroma, hue] = values as [number, number, number]
  expect(values.every(Number.isFinite), `${name}: ${tokens[name]}`).toBe(true)
  const angle = (hue * Math.PI) / 180
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)]
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((value) => Math.min(1, Math.max(0, value)))
  return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!
}

function contrast(one: string, other: string, tokens: Tokens): number {
  const [a, b] = [luminanceOf(one, tokens), luminanceOf(other, tokens)]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

const PAIRS = [
  ['accent', 'canvas'],
  ['accent', 'surface'],
  ['accent', 'raised'],
  ['accent', 'soft'],
  ['accent', 'accent-soft'],
  ['ink', 'accent-soft'],
  ['on-accent', 'accent'],
  ['on-accent', 'accent-hover'],
] as const

const ofAccent = (accent: string): Tokens => (accent === 'teal' ? {} : tokensOf(`[data-swatch="${accent}"]`))

describe.each(ACCENTS)('the accent %s', (accent) => {
  it.each([
    ['light', LIGHT],
    ['dark', DARK],
    ['dark by the device', DARK_BY_DEVICE],
  ] as const)('is readable on every ground: %s', (_name, theme) => {
    const tokens = { ...theme, ...ofAccent(accent) }
    for (const [text, ground] of PAIRS) {
      expect(contrast(text, ground, tokens), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
    }
  })
})

it('every accent of the style sheet can be chosen', () => {
  const named = [...css.matchAll(/data-accent="(\w+)"\],\n\[data-swatch="\1"/g)].map(([, name]) => name)
  expect(['teal', ...named].sort()).toEqual([...ACCENTS].sort())
})
