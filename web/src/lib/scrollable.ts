/** Svelte action: an area that scrolls sideways can be reached and scrolled with the keyboard; one that does not is no tab stop. */
export function scrollable(area: HTMLElement): { destroy: () => void } {
  const look = (): void => {
    if (area.scrollWidth > area.clientWidth) area.tabIndex = 0;
    else area.removeAttribute("tabindex");
  };
  const watch = new ResizeObserver(look);
  watch.observe(area);
  for (const child of area.children) watch.observe(child);
  look();
  return { destroy: () => watch.disconnect() };
}
