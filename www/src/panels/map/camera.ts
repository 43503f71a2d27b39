/** The part of a map that is in view, and the movement to another part. */

import { eased } from "./easing.js";
import type { Place } from "./places.js";

/** Length on the map that fills half of the view's smaller side. Nearly all points lie within 1 of the centre. */
const FIT = 1.15;

/** Minimum and maximum zoom. */
const LIMITS = { far: 0.5, close: 60 };

/** The place in the middle, and the magnification: 1 shows the whole map. */
interface Look {
  centre: Place;
  zoom: number;
}

const WHOLE: Look = { centre: [0, 0], zoom: 1 };

export class Camera {
  /** Size of the view in pixels. */
  size = { width: 1, height: 1 };
  #look = WHOLE;
  #flight: { from: Look; to: Look; began: number } | undefined;

  get centre(): Place {
    return this.#look.centre;
  }

  get zoom(): number {
    return this.#look.zoom;
  }

  /** Pixels for a length of 1 on the map. */
  get scale(): number {
    const { width, height } = this.size;
    return (Math.min(width, height) / 2 / FIT) * this.zoom;
  }

  /** Converts a place on the map to pixels from the top left corner of the view. */
  toPage([x, y]: Place): Place {
    const { width, height } = this.size;
    return [width / 2 + (x - this.centre[0]) * this.scale, height / 2 - (y - this.centre[1]) * this.scale];
  }

  fromPage([x, y]: Place): Place {
    const { width, height } = this.size;
    return [this.centre[0] + (x - width / 2) / this.scale, this.centre[1] - (y - height / 2) / this.scale];
  }

  /** Moves the map by some pixels. */
  drag(dx: number, dy: number): void {
    this.#flight = undefined;
    this.#look = { centre: [this.centre[0] - dx / this.scale, this.centre[1] + dy / this.scale], zoom: this.zoom };
  }

  /** Zooms at once, around a place that stays where it is. */
  zoomAt([x, y]: Place, by: number): void {
    const zoom = limited(this.zoom * by);
    const share = 1 - this.zoom / zoom;
    this.#flight = undefined;
    this.#look = { centre: [this.centre[0] + share * (x - this.centre[0]), this.centre[1] + share * (y - this.centre[1])], zoom };
  }

  /** Starts an animation to a place, or to the whole map. */
  fly({ centre, zoom }: Partial<Look> = WHOLE, now = performance.now()): void {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const to = { centre: centre ?? this.centre, zoom: limited(zoom ?? this.zoom) };
    this.#flight = { from: still ? to : this.#look, to, began: now };
  }

  /** Advances the animation to a time. Returns whether it is still running. */
  tick(now: number): boolean {
    if (this.#flight === undefined) return false;
    const { from, to, began } = this.#flight;
    const share = eased(now - began);
    const mixed = (a: number, b: number): number => a + share * (b - a);
    this.#look = { centre: [mixed(from.centre[0], to.centre[0]), mixed(from.centre[1], to.centre[1])], zoom: mixed(from.zoom, to.zoom) };
    if (share === 1) this.#flight = undefined;
    return this.#flight !== undefined;
  }
}

function limited(zoom: number): number {
  return Math.min(LIMITS.close, Math.max(LIMITS.far, zoom));
}
