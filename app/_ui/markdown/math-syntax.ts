import type { Data, Processor } from 'unified'

declare module 'micromark-util-types' {
  interface TokenTypeMap {
    mathFlow: 'mathFlow'
    mathFlowFence: 'mathFlowFence'
    mathFlowFenceSequence: 'mathFlowFenceSequence'
    mathFlowValue: 'mathFlowValue'
    mathText: 'mathText'
    mathTextData: 'mathTextData'
    mathTextSequence: 'mathTextSequence'
  }
}

/*
 * Maths as models write it: \( … \) and $ … $ within a line, \[ … \] and $$ … $$ standing alone. The tokens are those
 * of micromark-extension-math, so that remark-math turns them into the same nodes. What is never closed stays text, and
 * an opening within an opening ends the attempt, so that a text full of openings is not read again and again to its end.
 */
const INLINE_MAX = 1_000
const BLOCK_MAX = 6_000

const DOLLAR = 36
const OPEN_PAREN = 40
const CLOSE_PAREN = 41
const OPEN_BRACKET = 91
const BACKSLASH = 92
const CLOSE_BRACKET = 93

type Extension = NonNullable<Data['micromarkExtensions']>[number]
type Construct = Exclude<NonNullable<NonNullable<Extension['text']>[string]>, unknown[]>
type Tokenizer = Construct['tokenize']
type State = ReturnType<Tokenizer>
type Code = Parameters<State>[0]

const isLineEnding = (code: Code) => code !== null && code < -2
const isSpace = (code: Code) => code === -2 || code === -1 || code === 32

function isWordCode(code: Code): boolean {
  return code !== null && code > 0 && /[\p{L}\p{N}]/u.test(String.fromCodePoint(code)) && code < 0x2e80
}

const FUNCTION_NAMES = new Set(['sin', 'cos', 'tan', 'log', 'exp', 'max', 'min', 'lim', 'mod', 'gcd', 'det', 'arg'])

/**
 * Tells maths between single dollars from amounts of money ("$5 and $10") and shell variables: it is maths when it
 * looks like a formula, not when it could be a sentence.
 * @param content what stands between the two dollars
 */
export function looksLikeMath(content: string): boolean {
  if (content === '' || /^\s|\s$/.test(content)) return false
  const hasCommand = content.includes('\\')
  if (!hasCommand && /[\u2e80-\uffef]/.test(content)) return false
  if (hasCommand || /[\^_{}]/.test(content)) return true
  if (/^\d+(?:[.,]\d+)?%?$/.test(content)) return true
  const words = content.match(/[A-Za-z]{3,}/g) ?? []
  if (words.some((word) => !FUNCTION_NAMES.has(word.toLowerCase()))) return false
  if (/\s/.test(content)) return /[=+\-*/<>|≤≥≠≈∈]/.test(content)
  return !/^\d[\d.,]*[kKmMbB]?[-–/]?$/.test(content)
}

const inlineBackslash: Construct = {
  name: 'mathBackslash',
  tokenize(effects, ok, nok) {
    let closing: Code = null
    let length = 0
    let dataOpen = false

    function closeData() {
      if (dataOpen) effects.exit('mathTextData')
      dataOpen = false
    }

    function open(code: Code): State | undefined {
      if (code !== OPEN_PAREN && code !== OPEN_BRACKET) return nok(code)
      closing = code === OPEN_PAREN ? CLOSE_PAREN : CLOSE_BRACKET
      effects.consume(code)
      effects.exit('mathTextSequence')
      return content
    }

    function content(code: Code): State | undefined {
      if (code === null || length++ > INLINE_MAX) return nok(code)
      if (code === BACKSLASH) {
        closeData()
        return effects.attempt({ tokenize: tokenizeClosing, partial: true }, finish, backslash)(code)
      }
      if (isLineEnding(code)) {
        closeData()
        effects.enter('lineEnding')
        effects.consume(code)
        effects.exit('lineEnding')
        return content
      }
      return data(code)
    }

    function data(code: Code): State | undefined {
      if (!dataOpen) effects.enter('mathTextData')
      dataOpen = true
      effects.consume(code)
      return content
    }

    // A backslash takes the next character with it, so that "\\)" is a line break before a parenthesis.
    function backslash(code: Code): State | undefined {
      effects.enter('mathTextData')
      dataOpen = true
      effects.consume(code)
      return (next) => {
        if (next === OPEN_PAREN || next === OPEN_BRACKET) return nok(next)
        return next === BACKSLASH ? data(next) : content(next)
      }
    }

    function finish(code: Code): State | undefined {
      effects.exit('mathText')
      return ok(code)
    }

    const tokenizeClosing: Tokenizer = (effects, ok, nok) => (code) => {
      effects.enter('mathTextSequence')
      effects.consume(code)
      return (next) => {
        if (next !== closing) return nok(next)
        effects.consume(next)
        effects.exit('mathTextSequence')
        return ok
      }
    }

    return (code) => {
      effects.enter('mathText')
      effects.enter('mathTextSequence')
      effects.consume(code)
      return open
    }
  },
}

const inlineDollar: Construct = {
  name: 'mathDollar',
  previous: (code) => code !== DOLLAR && !isWordCode(code),
  tokenize(effects, ok, nok) {
    let text = ''

    function first(code: Code): State | undefined {
      if (code === DOLLAR || code === null || isLineEnding(code) || isSpace(code)) return nok(code)
      effects.exit('mathTextSequence')
      effects.enter('mathTextData')
      return data(code)
    }

    function data(code: Code): State | undefined {
      if (code === null || code < 0 || text.length > INLINE_MAX) return nok(code)
      if (code === DOLLAR && !text.endsWith('\\')) {
        if (!looksLikeMath(text)) return nok(code)
        effects.exit('mathTextData')
        effects.enter('mathTextSequence')
        effects.consume(code)
        effects.exit('mathTextSequence')
        return after
      }
      text += String.fromCodePoint(code)
      effects.consume(code)
      return data
    }

    function after(code: Code): State | undefined {
      if (code === DOLLAR || isWordCode(code)) return nok(code)
      effects.exit('mathText')
      return ok(code)
    }

    return (code) => {
      effects.enter('mathText')
      effects.enter('mathTextSequence')
      effects.consume(code)
      return first
    }
  },
}

const block: Construct = {
  name: 'mathBlock',
  concrete: true,
  tokenize(effects, ok, nok) {
    const { parser, interrupt } = this
    const now = () => this.now()
    let second: Code = null
    let closeFirst: Code = null
    let closeSecond: Code = null
    let length = 0
    let lineIsBlank = true
    let firstLine = true
    let valueOpen = false
    let afterFirstBackslash = false

    function closeValue() {
      if (valueOpen) effects.exit('mathFlowValue')
      valueOpen = false
    }

    function open(code: Code): State | undefined {
      if (code !== second) return nok(code)
      effects.consume(code)
      effects.exit('mathFlowFenceSequence')
      effects.exit('mathFlowFence')
      return content
    }

    function content(code: Code): State | undefined {
      if (code === null || length++ > BLOCK_MAX) return nok(code)
      if (isLineEnding(code)) return lineEnd(code)
      if (code === closeFirst) {
        closeValue()
        return effects.attempt({ tokenize: tokenizeClosing, partial: true }, finish, value)(code)
      }
      return value(code)
    }

    function value(code: Code): State | undefined {
      if (lineIsBlank && !firstLine && code === DOLLAR) return nok(code)
      if (afterFirstBackslash && code === OPEN_BRACKET) return nok(code)
      afterFirstBackslash = lineIsBlank && !firstLine && code === BACKSLASH
      if (!isSpace(code)) lineIsBlank = false
      if (!valueOpen) effects.enter('mathFlowValue')
      valueOpen = true
      effects.consume(code)
      return content
    }

    function lineEnd(code: Code): State | undefined {
      if (lineIsBlank && !firstLine) return nok(code)
      // A paragraph asks with one line in hand: an opening alone on its line ends it.
      if (interrupt) return lineIsBlank ? ok(code) : nok(code)
      closeValue()
      firstLine = false
      lineIsBlank = true
      effects.enter('lineEnding')
      effects.consume(code)
      effects.exit('lineEnding')
      return (next) => (parser.lazy[now().line] ? nok(next) : content(next))
    }

    function finish(code: Code): State | undefined {
      effects.exit('mathFlow')
      return ok(code)
    }

    const tokenizeClosing: Tokenizer = (effects, ok, nok) => {
      function end(code: Code): State | undefined {
        if (code === null || isLineEnding(code)) {
          effects.exit('mathFlowFence')
          return ok(code)
        }
        if (!isSpace(code)) return nok(code)
        effects.enter('whitespace')
        return space(code)
      }
      function space(code: Code): State | undefined {
        if (isSpace(code)) {
          effects.consume(code)
          return space
        }
        effects.exit('whitespace')
        return code === null || isLineEnding(code) ? end(code) : nok(code)
      }
      return (code) => {
        effects.enter('mathFlowFence')
        effects.enter('mathFlowFenceSequence')
        effects.consume(code)
        return (next) => {
          if (next !== closeSecond) return nok(next)
          effects.consume(next)
          effects.exit('mathFlowFenceSequence')
          return end
        }
      }
    }

    return (code) => {
      second = code === DOLLAR ? DOLLAR : OPEN_BRACKET
      closeFirst = code
      closeSecond = code === DOLLAR ? DOLLAR : CLOSE_BRACKET
      effects.enter('mathFlow')
      effects.enter('mathFlowFence')
      effects.enter('mathFlowFenceSequence')
      effects.consume(code)
      return open
    }
  },
}

const syntax: Extension = {
  flow: { [DOLLAR]: block, [BACKSLASH]: block },
  text: { [DOLLAR]: inlineDollar, [BACKSLASH]: inlineBackslash },
  disable: { null: ['mathFlow'] },
}

/** A remark plugin; use it after remark-math, whose nodes it makes. */
export function remarkMathSyntax(this: Processor): void {
  const data = this.data()
  data.micromarkExtensions = [...(data.micromarkExtensions ?? []), syntax]
}
