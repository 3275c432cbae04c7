import { type CallExpression, type Expression, type ObjectExpression, Visitor } from 'oxc-parser'
import { lineFinder, type SourceFile } from './source.ts'

/** One call of a translator, as far as reading the code tells. */
export type TranslationUse = {
  file: string
  line: number
  /** Where the key may lie (`chat`, `common.theme`, `` for the root); undefined when the translator came from elsewhere. */
  namespaces: string[] | undefined
  /** Keys that are written out, below the namespace. */
  keys: string[]
  /** Beginnings of keys that are put together when the program runs; `` stands for any key. */
  prefixes: string[]
  /** Names of the values that are passed; undefined when reading the code does not tell. */
  values: string[] | undefined
}

const MAKERS = new Set(['useTranslations', 'getTranslations'])
const METHODS = new Set(['rich', 'markup', 'raw', 'has'])
/** A translator that came as a parameter is known by its name alone. */
const TRANSLATOR_NAME = /^t([A-Z]\w*)?$/

/** Finds the calls of next-intl's translators in a module. */
export function findUses(file: SourceFile): TranslationUse[] {
  const lineOf = lineFinder(file.text)
  const translators = findTranslators(file)
  const uses: TranslationUse[] = []
  const visitor = new Visitor({
    CallExpression(call) {
      const found = translatorOf(call, translators)
      const [key, values] = call.arguments
      if (!found || !key || key.type === 'SpreadElement') return
      const known = found.method === 'raw' || found.method === 'has' ? undefined : valueNames(values)
      uses.push({
        file: file.path,
        line: lineOf(call.start),
        namespaces: found.namespaces,
        ...keysOf(key),
        values: known,
      })
    },
  })
  visitor.visit(file.program)
  return uses
}

/** Every text in quotes of a module: what may name a catalogue's file. */
export function findTexts(file: SourceFile): string[] {
  const texts: string[] = []
  const visitor = new Visitor({
    Literal(node) {
      if (typeof node.value === 'string') texts.push(node.value)
    },
  })
  visitor.visit(file.program)
  return texts
}

function findTranslators(file: SourceFile): Map<string, Set<string>> {
  const translators = new Map<string, Set<string>>()
  const add = (name: string, maker: Expression | undefined) => {
    const namespace = maker && namespaceOf(maker)
    if (namespace !== undefined) translators.set(name, (translators.get(name) ?? new Set()).add(namespace))
  }
  const visitor = new Visitor({
    VariableDeclarator({ id, init }) {
      if (!init) return
      if (id.type === 'Identifier') add(id.name, init)
      if (id.type !== 'ArrayPattern') return
      const together = togetherOf(init)
      id.elements.forEach((element, index) => {
        if (element?.type === 'Identifier') add(element.name, together[index])
      })
    },
  })
  visitor.visit(file.program)
  return translators
}

/** What `await Promise.all([…])` waits for; empty for anything else. */
function togetherOf(init: Expression): (Expression | undefined)[] {
  const call = unwrap(init)
  if (call.type !== 'CallExpression') return []
  const { callee } = call
  const [list] = call.arguments
  const isAll =
    callee.type === 'MemberExpression' && callee.property.type === 'Identifier' && callee.property.name === 'all'
  if (!isAll || list?.type !== 'ArrayExpression') return []
  return list.elements.map((element) => (element && element.type !== 'SpreadElement' ? element : undefined))
}

/** The namespace of `useTranslations('chat')`, `await getTranslations({ namespace: 'chat' })` and the like. */
function namespaceOf(expression: Expression): string | undefined {
  const call = unwrap(expression)
  if (call.type !== 'CallExpression' || call.callee.type !== 'Identifier' || !MAKERS.has(call.callee.name))
    return undefined
  const [argument] = call.arguments
  if (!argument) return ''
  if (argument.type === 'Literal' && typeof argument.value === 'string') return argument.value
  if (argument.type !== 'ObjectExpression') return undefined
  const namespace = propertiesOf(argument).get('namespace')
  if (!namespace) return ''
  return namespace.type === 'Literal' && typeof namespace.value === 'string' ? namespace.value : undefined
}

function translatorOf(call: CallExpression, translators: ReadonlyMap<string, Set<string>>) {
  let callee = unwrap(call.callee)
  let method: string | undefined
  if (callee.type === 'MemberExpression' && !callee.computed && callee.property.type === 'Identifier') {
    method = callee.property.name
    if (!METHODS.has(method)) return undefined
    callee = unwrap(callee.object)
  }
  const direct = namespaceOf(callee)
  if (direct !== undefined) return { namespaces: [direct], method }
  if (callee.type !== 'Identifier') return undefined
  const namespaces = translators.get(callee.name)
  if (namespaces) return { namespaces: [...namespaces], method }
  return TRANSLATOR_NAME.test(callee.name) ? { namespaces: undefined, method } : undefined
}

function keysOf(expression: Expression): { keys: string[]; prefixes: string[] } {
  const node = unwrap(expression)
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? { keys: [node.value], prefixes: [] } : { keys: [], prefixes: [''] }
    case 'TemplateLiteral': {
      const start = node.quasis[0]?.value.cooked ?? ''
      return node.expressions.length === 0 ? { keys: [start], prefixes: [] } : { keys: [], prefixes: [start] }
    }
    case 'ConditionalExpression':
      return both(keysOf(node.consequent), keysOf(node.alternate))
    case 'LogicalExpression':
      return both(keysOf(node.left), keysOf(node.right))
    default:
      return { keys: [], prefixes: [''] }
  }
}

function both(a: ReturnType<typeof keysOf>, b: ReturnType<typeof keysOf>): ReturnType<typeof keysOf> {
  return { keys: [...a.keys, ...b.keys], prefixes: [...a.prefixes, ...b.prefixes] }
}

function valueNames(argument: CallExpression['arguments'][number] | undefined): string[] | undefined {
  if (!argument) return []
  if (argument.type !== 'ObjectExpression') return undefined
  const whole = argument.properties.every((property) => property.type === 'Property' && !property.computed)
  return whole ? [...propertiesOf(argument).keys()] : undefined
}

function propertiesOf(object: ObjectExpression): Map<string, Expression> {
  const properties = new Map<string, Expression>()
  for (const property of object.properties) {
    if (property.type !== 'Property' || property.computed) continue
    if (property.key.type === 'Identifier') properties.set(property.key.name, property.value)
    if (property.key.type === 'Literal') properties.set(String(property.key.value), property.value)
  }
  return properties
}

/** The expression without `await`, parentheses and assertions of type. */
function unwrap(expression: Expression): Expression {
  switch (expression.type) {
    case 'AwaitExpression':
      return unwrap(expression.argument)
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
      return unwrap(expression.expression)
    default:
      return expression
  }
}
