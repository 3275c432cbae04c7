'use client'

import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

const FAR_PX = 140

type ReadingScroll = {
  scroller: RefObject<HTMLDivElement | null>
  content: RefObject<HTMLDivElement | null>
  /** The end is out of sight: there is something to jump to. */
  isFar: boolean
  /** Goes to the end and stays there until the reader scrolls up. */
  jumpToEnd: () => void
  /** Keeps the place of what is read while older messages come in above it. */
  holdPlace: () => void
}

/**
 * Scrolling for people who read: after sending, the prompt goes to the top and the answer grows below it without
 * moving; the end is followed only when asked for.
 * @param sent counts messages sent from this page
 * @param oldestKey changes when older messages were put above
 */
export function useReadingScroll(sent: number, oldestKey: string | undefined): ReadingScroll {
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const isFollowing = useRef(false)
  const held = useRef<{ element: Element; top: number } | null>(null)
  const [isFar, setFar] = useState(false)

  useLayoutEffect(() => {
    const element = scroller.current
    if (element) element.scrollTop = element.scrollHeight
  }, [])

  useLayoutEffect(() => {
    if (sent === 0) return
    isFollowing.current = false
    const turn = content.current?.querySelector('[data-turn]:last-of-type')
    const isStill = window.matchMedia('(prefers-reduced-motion: reduce)').matches
    turn?.scrollIntoView({ block: 'start', behavior: isStill ? 'instant' : 'smooth' })
  }, [sent])

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the oldest message is another one.
  useLayoutEffect(() => {
    const { current: place } = held
    held.current = null
    if (place && scroller.current) scroller.current.scrollTop += place.element.getBoundingClientRect().top - place.top
  }, [oldestKey])

  useEffect(() => {
    const element = scroller.current
    const inner = content.current
    if (!element || !inner) return
    let lastTop = element.scrollTop
    const measure = () => {
      const rest = element.scrollHeight - element.clientHeight - element.scrollTop
      if (element.scrollTop < lastTop - 2) isFollowing.current = false
      lastTop = element.scrollTop
      setFar(rest > FAR_PX)
    }
    const grow = () => {
      if (isFollowing.current) element.scrollTop = element.scrollHeight
      measure()
    }
    const observer = new ResizeObserver(grow)
    observer.observe(inner)
    observer.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [])

  const jumpToEnd = useCallback(() => {
    isFollowing.current = true
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight })
  }, [])

  const holdPlace = useCallback(() => {
    const element = content.current?.querySelector('[data-turn]')
    held.current = element ? { element, top: element.getBoundingClientRect().top } : null
  }, [])

  return { scroller, content, isFar, jumpToEnd, holdPlace }
}
