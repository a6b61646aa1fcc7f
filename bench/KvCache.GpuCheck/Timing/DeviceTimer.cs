using ILGPU.Runtime;
using KvCache.Gpu;

namespace KvCache.GpuCheck.Timing;

/// <summary>Takes the time of work on a device's stream, by events of the device.</summary>
internal static class DeviceTimer
{
    /// <summary>The median time of some work, in milliseconds; a first call warms up.</summary>
    /// <param name="device">The device.</param>
    /// <param name="rounds">How often it is timed.</param>
    /// <param name="submit">Submits the work of a round, whose number it is given.</param>
    public static double MedianMilliseconds(GpuDevice device, int rounds, Action<int> submit)
    {
        submit(0);
        submit(1);
        device.Stream.Synchronize();
        double[] times = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            using ProfilingMarker start = device.Stream.AddProfilingMarker();
            submit(round + 2);
            using ProfilingMarker end = device.Stream.AddProfilingMarker();
            end.Synchronize();
            times[round] = end.MeasureFrom(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return times[rounds / 2];
    }
}
