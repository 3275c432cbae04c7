import { type CDPSession, expect, type Locator, type Page } from '@playwright/test'

/** The chat as a person meets it: found by what is written on it, never by its markup. */
export class ChatPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: 'Message' })
  }

  get sendButton(): Locator {
    return this.page.getByRole('button', { name: 'Send' })
  }

  get stopButton(): Locator {
    return this.page.getByRole('button', { name: 'Stop' })
  }

  get answers(): Locator {
    return this.page.getByRole('article', { name: 'Answer' })
  }

  get questions(): Locator {
    return this.page.getByRole('article', { name: 'You' })
  }

  /** Model, tokens, credits and seconds under an answer: there once the answer is complete and settled. */
  get moneyLines(): Locator {
    return this.page.locator('article button[aria-haspopup="dialog"]')
  }

  async open(): Promise<void> {
    await this.page.goto('/')
    await expect(this.composer).toBeVisible()
    await this.waitUntilAlive()
  }

  /** React has taken the page over: what is typed now is heard. */
  async waitUntilAlive(): Promise<void> {
    await this.page.waitForFunction(() => {
      const area = document.querySelector('#composer')
      return area !== null && Object.keys(area).some((key) => key.startsWith('__reactProps'))
    })
  }

  async ask(text: string): Promise<void> {
    await this.composer.fill(text)
    await this.composer.press('Enter')
  }

  async answered(count = 1): Promise<void> {
    await expect(this.moneyLines).toHaveCount(count, { timeout: 30_000 })
  }
}

/** Types with an input method, as the browser itself sees a Pinyin keyboard. */
export class InputMethod {
  readonly #session: CDPSession

  private constructor(session: CDPSession) {
    this.#session = session
  }

  static async attach(page: Page): Promise<InputMethod> {
    return new InputMethod(await page.context().newCDPSession(page))
  }

  /** Letters stand underlined in the field, not yet text. */
  async compose(letters: string): Promise<void> {
    await this.#session.send('Input.imeSetComposition', {
      text: letters,
      selectionStart: letters.length,
      selectionEnd: letters.length,
    })
  }

  /** Enter while composing takes the letters as they are: key code 229, as the browser reports keys of an input method. */
  async pressEnter(): Promise<void> {
    const key = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229, nativeVirtualKeyCode: 229 }
    await this.#session.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...key })
    await this.#session.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key })
  }

  async commit(text: string): Promise<void> {
    await this.#session.send('Input.insertText', { text })
  }
}
