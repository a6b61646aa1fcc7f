using System.CommandLine;
using KvCache.Gpu;

namespace KvCache.GpuCheck;

/// <summary>The program's only command, and what it says of itself.</summary>
internal sealed class GpuCheckCommand : RootCommand
{
    private const string Summary =
        "Checks the attention kernels on a GPU against the processor's, then measures them beside the GPU's own copies and, where " +
        "Python has it, PyTorch.\n\n" +
        "Prints the report and writes it as gpu-check.md and gpu-check.json.\n\n" +
        "Exit code: 0 everything correct, 1 something wrong, 2 a wrong option or a refusal, 3 no such device.";

    private static readonly Dictionary<string, GpuDeviceKind> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["cuda"] = GpuDeviceKind.Cuda,
        ["opencl"] = GpuDeviceKind.OpenCL,
        ["cpu-accelerator"] = GpuDeviceKind.CpuAccelerator,
    };

    private readonly Option<string> _device = new("--device")
    {
        Description = "cuda, opencl or cpu-accelerator, with a number after a colon where there are several.",
        HelpName = "NAME[:N]",
        DefaultValueFactory = static _ => "cuda",
    };

    private readonly Option<bool> _list = new("--list") { Description = "Say what would be checked; needs no GPU." };
    private readonly Option<bool> _quick = new("--quick") { Description = "Few shapes, measured a few times." };

    private readonly Option<string[]> _only = new("--only")
    {
        Description = "Only checks whose name has this text; may be given several times.",
        HelpName = "TEXT",
    };

    private readonly Option<string> _folder = new("--out")
    {
        Description = "Where the report's files go.",
        HelpName = "FOLDER",
        DefaultValueFactory = static _ => ".",
    };

    private readonly Option<bool> _tune = new("--tune")
    {
        Description = "Instead of checking, try what the kernels on tensor cores can be made of and write the best to tensor-tuning.csv.",
    };

    private readonly Option<string?> _kernels = new("--kernels")
    {
        Description = "Instead of checking, compile the kernels on tensor cores into a folder that processes can take them from; needs no GPU. " +
            "--only chooses among them.",
        HelpName = "FOLDER",
    };

    public GpuCheckCommand(Func<GpuCheckOptions, int> run)
        : base(Summary)
    {
        Option[] options = [_device, _list, _quick, _only, _folder, _tune, _kernels];
        Array.ForEach(options, Options.Add);
        _device.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !TryDevice(result.Tokens[0].Value, out _, out _))
            {
                result.AddError($"--device is '{result.Tokens[0].Value}'; expected {string.Join(", ", Kinds.Keys)}, each with or without :N.");
            }
        });
        SetAction(parsed =>
        {
            TryDevice(parsed.GetRequiredValue(_device), out GpuDeviceKind kind, out int ordinal);
            return run(new GpuCheckOptions(
                kind, ordinal, parsed.GetValue(_list), parsed.GetValue(_quick), parsed.GetValue(_only) ?? [], parsed.GetRequiredValue(_folder))
            {
                Tune = parsed.GetValue(_tune),
                KernelFolder = parsed.GetValue(_kernels),
            });
        });
    }

    private static bool TryDevice(string text, out GpuDeviceKind kind, out int ordinal)
    {
        string[] parts = text.Split(':', 2);
        ordinal = 0;
        return Kinds.TryGetValue(parts[0], out kind)
            && (parts.Length == 1 || (int.TryParse(parts[1], out ordinal) && ordinal >= 0));
    }
}
