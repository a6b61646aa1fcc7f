using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using KvCache.Gpu.Cuda;
using KvCache.Gpu.Kernels;
using KvCache.Gpu.Tests.Attention;
using Xunit;

namespace KvCache.Gpu.Tests.Cuda;

/// <summary>A call for kernels on tensor cores says what the call for the others says, field by field.</summary>
public sealed class TensorArgumentsTests
{
    private static readonly string[] FilledLater = ["PartialSums", "PartialScales", "HeadBlocks", "Segments", "Plan"];

    [Fact]
    public void Every_field_is_the_one_of_its_name()
    {
        using MemoryBuffer1D<int, Stride1D.Dense> ints = TestDevices.Threads.Accelerator.Allocate1D<int>(100);
        using MemoryBuffer1D<float, Stride1D.Dense> floats = TestDevices.Threads.Accelerator.Allocate1D<float>(100);
        using MemoryBuffer1D<byte, Stride1D.Dense> bytes = TestDevices.Threads.Accelerator.Allocate1D<byte>(100);
        object call = new AttendArguments();
        object cache = new CacheArguments();
        Dictionary<string, object> expected = [];
        foreach (FieldInfo field in typeof(CacheArguments).GetFields().Concat(typeof(AttendArguments).GetFields()).Where(static field => field.Name != "Cache"))
        {
            // Another value for every field: an offset into memory, or a number.
            int number = expected.Count + 1;
            object value = field.FieldType == typeof(ArrayView<int>) ? ints.View.BaseView.SubView(number, 10)
                : field.FieldType == typeof(ArrayView<float>) ? floats.View.BaseView.SubView(number, 10)
                : field.FieldType == typeof(ArrayView<byte>) ? bytes.View.BaseView.SubView(number, 10)
                : field.FieldType == typeof(SegmentPlan) ? new SegmentPlan()
                : Convert.ChangeType(number, field.FieldType, System.Globalization.CultureInfo.InvariantCulture);
            field.SetValue(field.DeclaringType == typeof(CacheArguments) ? cache : call, value);
            expected[field.Name] = value switch
            {
                ArrayView<int> view => (ulong)(ints.NativePtr + (number * sizeof(int))),
                ArrayView<float> view => (ulong)(floats.NativePtr + (number * sizeof(float))),
                ArrayView<byte> view => (ulong)(bytes.NativePtr + number),
                _ => value,
            };
        }

        typeof(AttendArguments).GetField("Cache")!.SetValue(call, cache);
        TensorArguments found = TensorArguments.Of((AttendArguments)call);
        foreach (FieldInfo field in typeof(TensorArguments).GetFields().Where(static field => !FilledLater.Contains(field.Name)))
        {
            Assert.True(expected[field.Name].Equals(field.GetValue(found)), $"{field.Name} is {field.GetValue(found)}; expected {expected[field.Name]}.");
        }
    }
}
