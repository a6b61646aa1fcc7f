using Generate.Gguf;
using Generate.Weights;
using Xunit;

namespace Generate.Tests.Gguf;

public sealed class LargeFileTests
{
    [Fact]
    public void Rows_beyond_two_gigabytes_are_found()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Files with holes are made the Linux way only.");
        const int Columns = 1 << 16;
        const int Rows = 9000;
        GgufImage image = new GgufBuilder()
            .WithTensor("first", [1], 1)
            .WithTensor("w", [1, 1], 2)
            .Build()
            .With("dimension 0 of w", (long)Columns)
            .With("dimension 1 of w", (long)Rows);
        long start = image.Fields["data of w"];
        long lastRow = start + ((Rows - 1L) * Columns * sizeof(float));
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream stream = File.OpenWrite(path))
            {
                stream.Write(image.Bytes);
                stream.Position = lastRow;
                stream.Write(BitConverter.GetBytes(7f));
                stream.SetLength(lastRow + (Columns * sizeof(float))); // a hole: takes hardly any space on the disk
            }

            using GgufFile file = GgufFile.Open(path);
            GgufTensor tensor = file.GetTensor("w");
            Assert.Equal(4L * Columns * Rows, tensor.ByteLength);
            WeightMatrix matrix = WeightMatrix.From(tensor);
            float[] row = new float[Columns];
            matrix.CopyRow(0, row);
            Assert.Equal(2, row[0]);
            matrix.CopyRow(Rows - 1, row);
            Assert.Equal([7, 0, 0], row[..3]);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
