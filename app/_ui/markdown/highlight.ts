import type { Root } from 'hast'
import bash from 'highlight.js/lib/languages/bash'
import c from 'highlight.js/lib/languages/c'
import cpp from 'highlight.js/lib/languages/cpp'
import csharp from 'highlight.js/lib/languages/csharp'
import css from 'highlight.js/lib/languages/css'
import diff from 'highlight.js/lib/languages/diff'
import go from 'highlight.js/lib/languages/go'
import java from 'highlight.js/lib/languages/java'
import javascript from 'highlight.js/lib/languages/javascript'
import json from 'highlight.js/lib/languages/json'
import python from 'highlight.js/lib/languages/python'
import rust from 'highlight.js/lib/languages/rust'
import shell from 'highlight.js/lib/languages/shell'
import sql from 'highlight.js/lib/languages/sql'
import typescript from 'highlight.js/lib/languages/typescript'
import xml from 'highlight.js/lib/languages/xml'
import yaml from 'highlight.js/lib/languages/yaml'
import { createLowlight } from 'lowlight'
import type { Pluggable } from 'unified'
import { classesOf, replaceElements } from '#app/_ui/markdown/shape.ts'

// What answers are mostly written in. Each language weighs a few kilobytes in the browser.
const LANGUAGES = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  go,
  java,
  javascript,
  json,
  python,
  rust,
  shell,
  sql,
  typescript,
  xml,
  yaml,
}

/** Characters coloured in one rendering; long code stays readable without colours and cheap to show. */
const COLOURED_MAX = 20_000
// Code on endless lines is not read but can be made to take quadratic time.
const LINE_MAX = 2_000

const lowlight = createLowlight(LANGUAGES)

function rehypeColours() {
  return (tree: Root): void => {
    let left = COLOURED_MAX
    replaceElements(tree, (element) => {
      const text = element.children[0]
      if (element.tagName !== 'code' || element.children.length !== 1 || text?.type !== 'text') return element
      const language = languageOf(classesOf(element))
      if (!language || text.value.length > left || hasEndlessLine(text.value)) return element
      left -= text.value.length
      return { ...element, children: lowlight.highlight(language, text.value).children as typeof element.children }
    })
  }
}

function languageOf(classes: readonly string[]): string | undefined {
  const name = classes.find((each) => each.startsWith('language-'))?.slice('language-'.length)
  return name && lowlight.registered(name) ? name : undefined
}

function hasEndlessLine(code: string): boolean {
  return code.length > LINE_MAX && code.split('\n').some((line) => line.length > LINE_MAX)
}

/** Colours for code whose language is named; guessing would colour wrongly and takes long. */
export const highlight: Pluggable = rehypeColours
