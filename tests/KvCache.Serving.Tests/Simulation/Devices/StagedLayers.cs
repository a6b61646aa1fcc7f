using KvCache.Memory;
using KvCache.Serving.Simulation.Devices;

namespace KvCache.Serving.Tests.Simulation.Devices;

/// <summary>A step whose layers come from the host through some buffers and, where they are written to, go back: what a manager does to a device, and what that should take.</summary>
/// <param name="Buffers">Layers that fit the device at a time.</param>
/// <param name="Compute">Ticks of each layer's computing.</param>
/// <param name="In">Bytes that each layer brings, at a byte a tick.</param>
/// <param name="Out">Bytes that each layer takes away.</param>
internal sealed record StagedLayers(int Buffers, long[] Compute, long[] In, long[] Out)
{
    /// <summary>A byte a tick.</summary>
    public static SimulatedDevice Device(TimeSpan latency = default) => new(new Serving.CostModels.LinkSpeed(TimeSpan.TicksPerSecond, latency));

    public int Layers => Compute.Length;

    /// <summary>Goes through the step as a manager does: a layer's copy is submitted when the layer that had its buffer has left.</summary>
    public long Run(SimulatedDevice device)
    {
        KvTransfer[] arrivals = new KvTransfer[Layers];
        KvTransfer[] departures = new KvTransfer[Layers];
        int submitted = 0;
        long start = device.Clock.GetTimestamp();
        for (int layer = 0; layer < Layers; layer++)
        {
            for (; submitted < Math.Min(Layers, layer + Buffers); submitted++)
            {
                if (submitted >= Buffers)
                {
                    departures[submitted - Buffers].Wait();
                }

                arrivals[submitted] = Copy(device.CopyToDevice, In[submitted]);
            }

            arrivals[layer].Wait();
            device.Compute(TimeSpan.FromTicks(Compute[layer]));
            departures[layer] = Copy(device.CopyToHost, Out[layer]);
        }

        return device.EndStep().Ticks - start;
    }

    /// <summary>
    /// The recurrence: reload(l) from max(end of the copy before it, end of compute(l − S), end of offload(l − S)) on, and, since copies are in order
    /// with the work submitted before them, no earlier than what the processor had submitted; compute(l) from max(end of compute(l − 1), end of reload(l)) on.
    /// </summary>
    public long Recurrence()
    {
        long[] reload = new long[Layers];
        long[] compute = new long[Layers];
        long[] offload = new long[Layers];
        long waited = 0;
        int next = 0;
        for (int layer = 0; layer < Layers; layer++)
        {
            for (; next < Math.Min(Layers, layer + Buffers); next++)
            {
                waited = next >= Buffers && Out[next - Buffers] > 0 ? Math.Max(waited, offload[next - Buffers]) : waited;
                long begin = Math.Max(Math.Max(waited, At(reload, next - 1)), At(compute, layer - 1));
                reload[next] = In[next] == 0 ? At(reload, next - 1) : begin + In[next];
            }

            waited = In[layer] > 0 ? Math.Max(waited, reload[layer]) : waited;
            compute[layer] = Math.Max(waited, At(compute, layer - 1)) + Compute[layer];
            offload[layer] = Out[layer] == 0 ? At(offload, layer - 1) : Math.Max(At(offload, layer - 1), compute[layer]) + Out[layer];
        }

        return compute[^1];
    }

    private static long At(long[] ends, int layer) => layer < 0 ? 0 : ends[layer];

    private static KvTransfer Copy(Copying copying, long bytes) => bytes == 0 ? default : copying([new KvCopy(0, 0, bytes)]);

    private delegate KvTransfer Copying(ReadOnlySpan<KvCopy> copies);
}
