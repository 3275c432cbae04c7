import { type Expression, Visitor } from 'oxc-parser'
import { isTest, roomOf } from './module-graph.ts'
import { lineFinder, type SourceFile } from './source.ts'

/**
 * Finds SQL that is put together from text in what serves people: values belong into the parameters of sql`…`.
 * @returns one line for each place; empty when there is none
 */
export function findBuiltSql(files: readonly SourceFile[]): string[] {
  return files.filter(isServing).flatMap((file) => {
    const lineOf = lineFinder(file.text)
    const lines: string[] = []
    const visitor = new Visitor({
      CallExpression({ callee, arguments: [argument], start }) {
        if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier' || !argument) return
        const { name } = callee.property
        const isRaw = name === 'raw' && callee.object.type === 'Identifier' && callee.object.name === 'sql'
        const text = argument.type === 'ObjectExpression' ? findText(argument) : argument
        const built = isRaw ? !isConstant(text) : (name === 'query' || name === 'execute') && isBuilt(text)
        if (built)
          lines.push(`${file.path}:${lineOf(start)}: SQL built from text: pass values as parameters of sql\`…\``)
      },
    })
    visitor.visit(file.program)
    return lines
  })
}

// Migrating and resetting name roles and databases, which cannot be parameters; they escape them.
function isServing(file: SourceFile): boolean {
  const room = roomOf(file.path)
  return !isTest(file.path) && room !== 'scripts' && room !== 'db'
}

type Argument = Expression | { type: 'SpreadElement' } | undefined

/** The statement of `query({ text: … })`. */
function findText(object: Extract<Expression, { type: 'ObjectExpression' }>): Argument {
  for (const property of object.properties) {
    if (property.type !== 'Property' || property.key.type !== 'Identifier') continue
    if (property.key.name === 'text') return property.value
  }
  return undefined
}

/** Text that stands in the code, or the name of a column's type as the schema has it. */
function isConstant(node: Argument): boolean {
  if (node?.type === 'CallExpression' && node.callee.type === 'MemberExpression') {
    return node.callee.property.type === 'Identifier' && node.callee.property.name === 'getSQLType'
  }
  return node?.type === 'Literal' || (node?.type === 'TemplateLiteral' && node.expressions.length === 0)
}

function isBuilt(node: Argument): boolean {
  return (node?.type === 'TemplateLiteral' && node.expressions.length > 0) || node?.type === 'BinaryExpression'
}
