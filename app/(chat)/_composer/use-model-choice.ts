'use client'

import { useCallback, useEffect, useState } from 'react'
import { useShell } from '#app/(chat)/_shell/shell-context.ts'

const KEY = 'model'

/**
 * The model that will answer: what was chosen here, else what this conversation used last, else what the person chose
 * last, else the site's default.
 */
export function useModelChoice(usedModelId: string | null): [string | null, (modelId: string) => void] {
  const { models, defaultModelId } = useShell()
  const [chosenId, setChosenId] = useState(usedModelId)
  const isOffered = (id: string | null) => id !== null && models.some((model) => model.id === id)

  useEffect(() => {
    if (usedModelId) return
    try {
      const stored = window.localStorage.getItem(KEY)
      if (stored) setChosenId((chosen) => chosen ?? stored)
    } catch {
      // Storage may be refused: then the default stands.
    }
  }, [usedModelId])

  const choose = useCallback((modelId: string) => {
    setChosenId(modelId)
    try {
      window.localStorage.setItem(KEY, modelId)
    } catch {
      // Chosen for this page then.
    }
  }, [])

  if (isOffered(chosenId)) return [chosenId, choose]
  return [isOffered(defaultModelId) ? defaultModelId : (models[0]?.id ?? null), choose]
}
