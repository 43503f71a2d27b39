/**
 * Draws points with WebGL 2, through twgl.js. Points move between two places on the GPU, so a frame uploads nothing.
 *
 * Libraries compared (November 2026, gzipped): regl-scatterplot (77 KB, MIT) compiles its calls with `new Function`, which
 * a strict content security policy forbids; Embedding Atlas (45 KB, MIT) also needs Mosaic and DuckDB, and moves no points;
 * deepscatter allows no commercial use (CC BY-NC-SA). All three lack accessibility, so `item-map.ts` would still need its
 * search, its lists and its keyboard control. twgl.js (11 KB, MIT) was chosen: it does all that points need.
 */

import { type BufferInfo, createBufferInfoFromArrays, createProgramInfo, drawBufferInfo, type ProgramInfo, setAttribInfoBufferFromArray, setBuffersAndAttributes, setUniforms } from "twgl.js";

const VERTEX = `#version 300 es
in vec2 start;
in vec2 end;
in float group;
uniform float progress;
uniform vec2 centre;
uniform vec2 scale;
uniform float size;
uniform vec4 colours[8];
out vec4 colour;
void main() {
  gl_Position = vec4((mix(start, end, progress) - centre) * scale, 0, 1);
  gl_PointSize = size;
  colour = colours[int(group)];
}`;

/** A disc with a soft edge of about a pixel. */
const FRAGMENT = `#version 300 es
precision highp float;
in vec4 colour;
uniform float size;
out vec4 drawn;
void main() {
  float inside = (1.0 - length(2.0 * gl_PointCoord - 1.0)) * 0.5 * size;
  drawn = colour * clamp(inside, 0.0, 1.0);
}`;

/** Parameters of a picture. */
export interface Shot {
  /** Progress of the points from their start (0) to their end (1). */
  progress: number;
  /** The place in the middle, and the pixels of the canvas for a length of 1. */
  centre: readonly [number, number];
  zoom: number;
  /** A point's diameter in pixels of the canvas. */
  size: number;
  /** Red, green, blue and opacity of each group, from 0 to 1. */
  colours: readonly (readonly number[])[];
}

export class Cloud {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: ProgramInfo;
  #points: BufferInfo | undefined;
  #count = 0;

  private constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#program = createProgramInfo(gl, [VERTEX, FRAGMENT]);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** Creates a cloud on the canvas. Returns undefined if the browser has no WebGL 2. */
  static on(canvas: HTMLCanvasElement): Cloud | undefined {
    const gl = canvas.getContext("webgl2", { antialias: false, depth: false });
    return gl ? new Cloud(gl) : undefined;
  }

  /** Sets where each point starts and ends: x and y, one after the other. */
  move(start: Float32Array, end: Float32Array): void {
    const gl = this.#gl;
    const attributes = this.#points?.attribs;
    if (attributes?.start && attributes.end && this.#count === end.length / 2) {
      setAttribInfoBufferFromArray(gl, attributes.start, start);
      setAttribInfoBufferFromArray(gl, attributes.end, end);
      return;
    }
    this.#count = end.length / 2;
    this.#points = createBufferInfoFromArrays(gl, {
      start: { numComponents: 2, data: start },
      end: { numComponents: 2, data: end },
      group: { numComponents: 1, data: new Uint8Array(this.#count), normalize: false },
    });
  }

  /** Sets the group of each point. */
  paint(groups: Uint8Array): void {
    const attribute = this.#points?.attribs?.group;
    if (attribute && groups.length === this.#count) setAttribInfoBufferFromArray(this.#gl, attribute, groups);
  }

  draw({ progress, centre, zoom, size, colours }: Shot): void {
    const gl = this.#gl;
    const { width, height } = gl.canvas;
    gl.viewport(0, 0, width, height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    // Until the colours are known, nothing can be drawn.
    if (this.#points === undefined || colours.length === 0) return;
    gl.useProgram(this.#program.program);
    setBuffersAndAttributes(gl, this.#program, this.#points);
    const premultiplied = colours.flatMap(([red = 0, green = 0, blue = 0, alpha = 1]) => [red * alpha, green * alpha, blue * alpha, alpha]);
    setUniforms(this.#program, { progress, centre, scale: [(2 * zoom) / width, (2 * zoom) / height], size, colours: premultiplied });
    drawBufferInfo(gl, this.#points, gl.POINTS, this.#count);
  }
}
