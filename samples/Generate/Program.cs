using System.Text;
using Generate;

// Bytes come out as UTF-8 whatever the terminal's language: what is generated is the text and nothing else.
using StreamWriter output = new(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
return GenerateTool.Run(args, output, Console.Error);
