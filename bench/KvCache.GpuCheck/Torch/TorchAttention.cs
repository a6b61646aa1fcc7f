using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using KvCache.Gpu;

namespace KvCache.GpuCheck.Torch;

/// <summary>Times PyTorch's attention on the same shapes, where Python has it and it sees the device.</summary>
internal sealed class TorchAttention : IDisposable
{
    private readonly Process? _python;
    private readonly Task<string>? _errors;
    private bool _answers;

    public TorchAttention(GpuDevice device)
    {
        if (device.Info.Kind != GpuDeviceKind.Cuda)
        {
            Remark = "PyTorch is asked on CUDA devices only.";
            return;
        }

        try
        {
            _python = Process.Start(new ProcessStartInfo("python3", ["-c", Script()])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            _errors = _python.StandardError.ReadToEndAsync();
            string? greeting = _python.StandardOutput.ReadLine();
            _answers = greeting is not null;
            Remark = _answers ? $"Beside it {greeting}." : $"PyTorch could not be asked: {LastLine(_errors.GetAwaiter().GetResult())}";
        }
        catch (Win32Exception exception)
        {
            Remark = $"PyTorch could not be asked: {exception.Message}";
        }
    }

    /// <summary>Gets with what it was compared, or why with nothing.</summary>
    public string Remark { get; }

    /// <summary>The median time of a call in milliseconds, or NaN.</summary>
    public double Milliseconds(TorchShape shape)
    {
        if (!_answers)
        {
            return double.NaN;
        }

        try
        {
            _python!.StandardInput.WriteLine(shape.Line);
            _python.StandardInput.Flush();
            string? answer = _python.StandardOutput.ReadLine();
            _answers = answer is not null;
            return double.TryParse(answer?.Split(' ')[0], CultureInfo.InvariantCulture, out double milliseconds) ? milliseconds : double.NaN;
        }
        catch (IOException)
        {
            _answers = false;
            return double.NaN;
        }
    }

    public void Dispose()
    {
        if (_python is not null)
        {
            // Its standard input ends: so does the script.
            _python.StandardInput.Close();
            _python.WaitForExit(TimeSpan.FromSeconds(10));
            _python.Dispose();
        }
    }

    private static string Script()
    {
        using Stream stream = typeof(TorchAttention).Assembly.GetManifestResourceStream("attention.py")!;
        return new StreamReader(stream).ReadToEnd();
    }

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries) is [.., string last] ? last : "no answer.";
}
