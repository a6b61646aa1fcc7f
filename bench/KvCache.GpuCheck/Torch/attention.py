"""Times torch.nn.functional.scaled_dot_product_attention on given shapes; contiguous float16 tensors.

Reads one shape a line from standard input: batch, query heads, KV heads, head dim, new tokens, cached tokens, causal (0 or 1).
Writes one line each: the median milliseconds of a call by device events, or "nan" and the reason.
"""
import sys

import torch
import torch.nn.functional as functional


def median_milliseconds(batch, heads, kv_heads, dim, new, cached, causal, device_bytes=256 << 20, rounds=25):
    length = new + cached
    bytes_per_set = 2 * batch * kv_heads * length * dim * 2
    sets = max(1, min(32, -(-device_bytes // bytes_per_set)))  # more than the L2 holds, in turn

    def tensor(h, n):
        return torch.randn(batch, h, n, dim, dtype=torch.float16, device="cuda")

    inputs = [(tensor(heads, new), tensor(kv_heads, length), tensor(kv_heads, length)) for _ in range(sets)]
    mask = None
    if causal and cached:
        mask = torch.ones(new, length, dtype=torch.bool, device="cuda").tril(diagonal=cached)

    def call(i):
        q, k, v = inputs[i % sets]
        functional.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=bool(causal and not cached), enable_gqa=heads != kv_heads)

    for i in range(3):
        call(i)
    times = []
    for i in range(rounds):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        call(i)
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    return sorted(times)[len(times) // 2]


def main():
    if not torch.cuda.is_available():
        print("torch sees no CUDA device", file=sys.stderr)
        return 3
    print(f"torch {torch.__version__}", flush=True)
    for line in sys.stdin:
        shape = [int(word) for word in line.split()]
        try:
            print(median_milliseconds(*shape), flush=True)
        except Exception as error:  # one shape too large must not lose the others
            print("nan", str(error).replace("\n", " ")[:200], flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
