/** The completion scripts of bash, zsh and fish. All words stand in the script: a TAB starts no process. */
import type { CompletionCommand, CompletionOption } from './completion.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;

export const completionScript = (shell: (typeof shells)[number], commands: CompletionCommand[]): string => {
  const script = { bash, zsh, fish }[shell];
  return script(commands);
};

const bash = (commands: CompletionCommand[]): string => `# source <(snapback completion bash)
_snapback() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} at='' i words=''
  # Readline takes --flag=value apart.
  if [[ $word == '=' ]]; then word=''; elif [[ $before == '=' ]]; then before=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      -*)
        if [[ \${COMP_WORDS[i + 1]} == '=' ]]; then ((i += 2)); continue; fi
        case "\${COMP_WORDS[i]}" in ${withValue(commands)}) ((i += 1)) ;; esac
        continue ;;
    esac
    case "$at \${COMP_WORDS[i]}" in
      ${patterns(commands)}) at="$at \${COMP_WORDS[i]}" ;;
      *) break ;;
    esac
  done
  COMPREPLY=()
  case "$before" in
${choiceCases(commands, choices => `words='${choices.join(' ')}'`)}
    ${anyValue(commands)}) return ;;
    *)
      case "$at" in
${commands.map(({ path, words, options }) => `        '${path && ` ${path}`}') words='${[...words.map(({ word }) => word), ...options.map(({ flag }) => flag)].join(' ')}' ;;`).join('\n')}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
# Where there is nothing to offer, files are.
complete -o default -F _snapback snapback
`;

const zsh = (commands: CompletionCommand[]): string => `#compdef snapback
# source <(snapback completion zsh), or this text as the file _snapback in a folder of $fpath
_snapback() {
  local before=\${words[CURRENT-1]} at='' i
  local -a offered
  for ((i = 2; i < CURRENT; i++)); do
    case "\${words[i]}" in
      (${withValue(commands)}) (( i += 1 )); continue ;;
      (-*) continue ;;
    esac
    case "$at \${words[i]}" in
      (${patterns(commands)}) at="$at \${words[i]}" ;;
      (*) break ;;
    esac
  done
  case "$before" in
${choiceCases(commands, choices => `compadd -- ${choices.join(' ')}; return`, '(')}
    (${anyValue(commands)}) _files; return ;;
  esac
  case "$at" in
${commands.map(({ path, words, options }) => `    ('${path && ` ${path}`}') offered=(${[...words.map(({ word, summary }) => described(word, summary)), ...options.map(({ flag, help }) => described(flag, help))].join(' ')}) ;;`).join('\n')}
  esac
  _describe -o 'snapback' offered
  [[ -n $at && $PREFIX != -* ]] && _files
}
if [[ \${zsh_eval_context[-1]} == loadautofunc ]]; then _snapback "$@"; else compdef _snapback snapback; fi
`;

const fish = (commands: CompletionCommand[]): string => {
  const lines = commands.flatMap(({ path, words, options }) => {
    const seen = path.split(' ').filter(word => word !== '');
    const next = words.map(({ word }) => word);
    const after = seen.map(word => `__fish_seen_subcommand_from ${word}`);
    const when = [
      ...after,
      ...(next.length > 0 ? [`not __fish_seen_subcommand_from ${next.join(' ')}`] : []),
    ].join('; and ');
    return [
      ...words.map(
        ({ word, summary }) => `complete -c snapback -n '${when}' -f -a ${word} -d ${quoted(summary)}`,
      ),
      ...options.map(option =>
        `complete -c snapback -n '${when}' ${fishOption(option)}`.replace(" -n ''", ''),
      ),
    ];
  });
  return `# snapback completion fish | source\n${lines.join('\n')}\n`;
};

const fishOption = ({ flag, help, takes, choices }: CompletionOption): string => {
  const value =
    choices.length > 0
      ? ` -x -a '${choices.join(' ')}'`
      : { nothing: '', text: ' -r', file: ' -r -F', folder: " -x -a '(__fish_complete_directories)'" }[takes];
  return `-l ${flag.slice(2)}${value} -d ${quoted(help)}`;
};

/** A pattern of `case` for every way of commands that can be typed. */
const patterns = (commands: CompletionCommand[]): string =>
  commands
    .filter(({ path }) => path !== '')
    .map(({ path }) => `' ${path}'`)
    .join('|');

// A flag means the same wherever it is taken, so its value does not depend on the command.
const byFlag = (commands: CompletionCommand[]): CompletionOption[] => [
  ...new Map(commands.flatMap(({ options }) => options).map(option => [option.flag, option])).values(),
];

const choiceCases = (
  commands: CompletionCommand[],
  reply: (choices: string[]) => string,
  open: '' | '(' = '',
): string =>
  byFlag(commands)
    .filter(({ choices }) => choices.length > 0)
    .map(({ flag, choices }) => `    ${open}${flag}) ${reply(choices)} ;;`)
    .join('\n');

const withValue = (commands: CompletionCommand[]): string =>
  byFlag(commands)
    .filter(({ takes }) => takes !== 'nothing')
    .map(({ flag }) => flag)
    .join('|');

const anyValue = (commands: CompletionCommand[]): string =>
  byFlag(commands)
    .filter(({ takes, choices }) => takes !== 'nothing' && choices.length === 0)
    .map(({ flag }) => flag)
    .join('|');

const described = (word: string, help: string): string => quoted(help === '' ? word : `${word}:${help}`);

/** Read alike by zsh and fish. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '').replaceAll("'", '’')}'`;
