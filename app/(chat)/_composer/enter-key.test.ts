import { describe, expect, it } from 'vitest'
import { decideEnter, type EnterPress } from '#app/(chat)/_composer/enter-key.ts'

const plain: EnterPress = {
  shiftKey: false,
  altKey: false,
  modifier: false,
  isComposing: false,
  keyCode: 13,
  at: 1_000,
  compositionEndedAt: null,
  touch: false,
}

describe('decideEnter', () => {
  it.each<[string, Partial<EnterPress>, ReturnType<typeof decideEnter>]>([
    ['plain', {}, 'send'],
    ['with shift', { shiftKey: true }, 'newline'],
    ['with alt', { altKey: true }, 'newline'],
    ['with control or command', { modifier: true }, 'send'],
    ['on touch', { touch: true }, 'newline'],
    ['on touch with a keyboard and control', { touch: true, modifier: true }, 'send'],
    ['while composing', { isComposing: true, keyCode: 229 }, 'compose'],
    ['while composing with control', { isComposing: true, modifier: true }, 'compose'],
    ['that ended the composition in Safari', { keyCode: 229, compositionEndedAt: 998 }, 'compose'],
    ['right after a composition that something else ended', { compositionEndedAt: 998 }, 'send'],
    ['long after a composition', { keyCode: 229, compositionEndedAt: 100 }, 'send'],
    ['with an input method switched on but idle', { keyCode: 229 }, 'send'],
  ])('%s', (_name, press, expected) => {
    expect(decideEnter({ ...plain, ...press })).toBe(expected)
  })
})
