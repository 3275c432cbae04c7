/** Mutants that no test can or needs to notice, by the reason. An entry whose mutant is gone or is noticed fails. */
export const EXPLAINED: { why: string; mutants: string[] }[] = []
