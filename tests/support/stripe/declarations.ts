import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync, type Statement, type TSInterfaceDeclaration, type TSType, type TSTypeName } from 'oxc-parser'

/** A type as written, and where its names are to be looked up. */
export type TypeIn = { type: TSType; scope: Scope }

/** Everything that one name stands for: interfaces merge, and a namespace may have the name of a type. */
export type Declared = {
  interfaces: TSInterfaceDeclaration[]
  alias?: { type: TSType; parameters: string[] }
  space?: Scope
  /** The name stands for something declared elsewhere. */
  link?: { file: string; name: string } | { outer: string } | { path: string[] }
}

export type Scope = {
  parent: Scope | null
  file: string
  names: Map<string, Declared>
  /** What the type parameters of a generic stand for. */
  bound?: Map<string, TypeIn>
}

/** Where a name is declared. */
export type Found = { declared: Declared; scope: Scope }

const modules = new Map<string, Scope>()

/** The names of a declaration file, read once. */
export function moduleScope(file: string): Scope {
  const known = modules.get(file)
  if (known) return known
  const scope = newScope(file, null)
  modules.set(file, scope)
  for (const statement of parse(file, readFileSync(file, 'utf8'))) declare(scope, statement)
  return scope
}

/** A type written here and now, with the names of this scope. */
export function typeFrom(text: string, scope: Scope): TypeIn {
  const [statement] = parse('asked.d.ts', `type Asked = ${text}`)
  if (statement?.type !== 'TSTypeAliasDeclaration') throw new Error(`Not a type: ${text}`)
  return { type: statement.typeAnnotation, scope }
}

/** Finds what a name means in a scope; of several, the nearest. */
export function findType(name: TSTypeName, scope: Scope): Found {
  return find(partsOf(name), scope)
}

/** The same for a name behind `extends`. */
export function findBase({ expression }: TSInterfaceDeclaration['extends'][number], scope: Scope): Found {
  const names: string[] = []
  let at: unknown = expression
  while (at) {
    const { name, property, object } = at as { name?: string; property?: { name: string }; object?: unknown }
    names.unshift(name ?? String(property?.name))
    at = object
  }
  return find(names, scope)
}

function find(names: string[], scope: Scope): Found {
  const found = names.length === 1 ? nearest(scope, String(names[0]), isType) : within(scope, names)
  if (!found) throw new Error(`${scope.file}: no type ${names.join('.')}`)
  return found
}

export function bind(scope: Scope, bound: Map<string, TypeIn>): Scope {
  return { ...newScope(scope.file, scope), bound }
}

/** The name of a reference, whole. */
export function partsOf(name: TSTypeName): string[] {
  if (name.type === 'Identifier') return [name.name]
  if (name.type === 'TSQualifiedName') return [...partsOf(name.left), name.right.name]
  throw new Error(`No name of a type: ${name.type}`)
}

function parse(file: string, text: string): Statement[] {
  const { program, errors } = parseSync(file, text)
  const [error] = errors
  if (error) throw new Error(`${file}: ${error.message}`)
  return program.body as Statement[]
}

function newScope(file: string, parent: Scope | null): Scope {
  return { file, parent, names: new Map() }
}

function declare(scope: Scope, statement: Statement): void {
  switch (statement.type) {
    case 'ImportDeclaration':
      for (const specifier of statement.specifiers) {
        const name = specifier.type === 'ImportSpecifier' ? nameOf(specifier.imported) : '*'
        entry(scope, specifier.local.name).link = { file: fileOf(scope, statement.source.value), name }
      }
      return
    case 'ExportNamedDeclaration':
      if (statement.declaration) declare(scope, statement.declaration)
      for (const { local, exported } of statement.specifiers) {
        if (scope.names.has(nameOf(exported))) continue
        entry(scope, nameOf(exported)).link = statement.source
          ? { file: fileOf(scope, statement.source.value), name: nameOf(local) }
          : { outer: nameOf(local) }
      }
      return
    case 'TSImportEqualsDeclaration':
      if (statement.moduleReference.type === 'TSExternalModuleReference') return
      entry(scope, statement.id.name).link = { path: partsOf(statement.moduleReference as TSTypeName) }
      return
    case 'TSInterfaceDeclaration':
      entry(scope, statement.id.name).interfaces.push(statement)
      return
    case 'TSTypeAliasDeclaration':
      entry(scope, statement.id.name).alias = {
        type: statement.typeAnnotation,
        parameters: statement.typeParameters?.params.map((parameter) => parameter.name.name) ?? [],
      }
      return
    case 'TSModuleDeclaration': {
      const { id, body } = statement
      if (id.type !== 'Identifier' || body?.type !== 'TSModuleBlock') return
      const declared = entry(scope, id.name)
      declared.space ??= newScope(scope.file, scope)
      for (const inner of body.body) declare(declared.space, inner as Statement)
      return
    }
    default:
      // Classes and constants are no shapes.
      return
  }
}

function entry(scope: Scope, name: string): Declared {
  const known = scope.names.get(name)
  if (known) return known
  const declared: Declared = { interfaces: [] }
  scope.names.set(name, declared)
  return declared
}

function nearest(scope: Scope | null, name: string, wanted: (declared: Declared) => boolean): Found | null {
  for (let at = scope; at; at = at.parent) {
    const found = follow(at, name)
    if (found && wanted(found.declared)) return found
  }
  return null
}

function within(scope: Scope, [first = '', ...rest]: string[]): Found | null {
  let found = nearest(scope, first, (declared) => declared.space !== undefined)
  for (const name of rest) found = found?.declared.space ? follow(found.declared.space, name) : null
  return found
}

// What a scope itself says about a name, through imports and re-exports.
function follow(scope: Scope, name: string): Found | null {
  const declared = scope.names.get(name)
  if (!declared) return null
  const { link } = declared
  if (!link) return { declared, scope }
  if ('path' in link) return within(scope, link.path)
  if ('outer' in link) return nearest(scope.parent, link.outer, () => true)
  const target = moduleScope(link.file)
  return link.name === '*' ? { declared: { interfaces: [], space: target }, scope: target } : follow(target, link.name)
}

function isType({ alias, interfaces }: Declared): boolean {
  return alias !== undefined || interfaces.length > 0
}

function nameOf(name: { name: string } | { value: string }): string {
  return 'name' in name ? name.name : name.value
}

function fileOf(scope: Scope, source: string): string {
  return path.resolve(path.dirname(scope.file), source.replace(/\.js$/, '.d.ts'))
}
