import { expect, test } from 'vitest'
import { type Command, UsageError } from './command.ts'
import { parseCommandLine } from './command-line.ts'

const nothing = async () => ({ text: '', data: {} })

const commands: Command[] = [
  {
    name: 'grant',
    summary: 'gives credits',
    options: { user: { value: 'USER', required: true, help: 'who' }, quiet: { help: 'says less' } },
    run: nothing,
  },
  { name: 'model set', summary: 'sets a model', args: ['ID'], options: {}, run: nothing },
  { name: 'model list', summary: 'lists models', options: {}, run: nothing },
]

const parse = (line: string) => parseCommandLine(line.split(' ').filter(Boolean), commands)

test('a verb with its options and arguments', () => {
  const line = parse('grant --user ada@example.com --quiet --json')
  if (line.kind !== 'run') throw new Error('expected a verb')
  expect(line.command.name).toBe('grant')
  expect(line.options.get('user')).toBe('ada@example.com')
  expect(line.options.flag('quiet')).toBe(true)
  expect(parse('model set gpt-x')).toMatchObject({ kind: 'run', args: ['gpt-x'], command: { name: 'model set' } })
})

test('a number below zero is the value of the option before it', () => {
  const line = parse('grant --user -5 --quiet')
  expect(line.kind === 'run' && line.options.get('user')).toBe('-5')
  expect(() => parse('grant --user x -5')).toThrow(UsageError)
})

test.each(['', '--help', '-h', 'help'])('"%s" lists the verbs', (line) => {
  const help = parse(line)
  expect(help).toMatchObject({ kind: 'help' })
  expect(help.kind === 'help' && help.text).toMatch(/grant +gives credits\n +model set +sets a model/)
})

test.each(['grant --help', 'grant -h', 'help grant', 'grant --user x --help'])('"%s" describes the verb', (line) => {
  const help = parse(line)
  expect(help.kind === 'help' && help.text).toMatch(/--user USER +who \(required\)\n +--quiet +says less\n +--json/)
})

test.each([
  ['give', `there is no verb 'give'; there are: grant, model set, model list`],
  ['model', `there is no verb 'model'; there are: model set, model list`],
  ['help nothing', `there is no verb 'nothing'`],
  ['grant', '--user is missing; usage: npm run admin -- grant --user USER [--quiet] [--json]'],
  ['grant --user=', '--user is empty'],
  ['grant --user x --loud', `Unknown option '--loud'; usage:`],
  ['grant --user', `Option '--user <value>' argument missing; usage:`],
  ['grant --user x y', `'y' is too much`],
  ['model set', 'ID is missing'],
])('"%s" is refused', (line, message) => {
  expect(() => parse(line)).toThrow(UsageError)
  expect(() => parse(line)).toThrow(message)
})
