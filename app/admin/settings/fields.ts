/** One setting as a form shows it: plain data that goes to the browser. */
export type FieldSpec = {
  /** The setting's key. */
  name: string
  version: number
} & (
  | { kind: 'line' | 'lines'; value: string | null; max: number; nullable: boolean; usual: string | null }
  | {
      kind: 'number'
      value: number | null
      min: number
      max: number
      nullable: boolean
      usual: string | null
    }
  /** As a decimal number of credits; `empty` says what none means. */
  | { kind: 'credits'; value: string; empty: 'automatic' | 'noLimit' }
  | { kind: 'choice'; value: string; options: readonly Option[] }
  | { kind: 'select'; value: string; options: readonly Option[]; nullable: boolean }
  | { kind: 'several'; value: readonly string[]; options: readonly Option[]; least: number }
  | { kind: 'zone'; value: string; zones: readonly string[] }
  | { kind: 'accent'; value: string; options: readonly Option[] }
)

export type Option = readonly [value: string, text: string]
