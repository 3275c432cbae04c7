import type { SourceFile } from './source.ts'
export function checkCatalogues(_root: string, _files: readonly SourceFile[]): string[] {
  return []
}
