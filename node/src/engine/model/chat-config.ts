/** Where the chat template of a model folder is written. */

/** Newer exports keep the template in a file of its own. */
export const CHAT_TEMPLATE_FILE = 'chat_template.jinja'

/**
 * tokenizer_config.json with the one chat template that counts: the file's, else the only one or the one named
 * default of those in the configuration. What has another form stays as it is and is refused by whoever reads it.
 * @param config parsed tokenizer_config.json
 * @param template contents of chat_template.jinja, if the folder has it
 */
export function chatConfig(config: unknown, template: string | undefined): unknown {
  if (typeof config !== 'object' || config === null) return config
  const chosen = template ?? defaultOf('chat_template' in config ? config.chat_template : undefined)
  return chosen === undefined ? config : { ...config, chat_template: chosen }
}

function defaultOf(templates: unknown): unknown {
  if (!Array.isArray(templates)) return templates
  const named: unknown[] = templates
  const isDefault = (each: unknown): boolean =>
    typeof each === 'object' && each !== null && 'name' in each && each.name === 'default'
  const chosen = named.find(isDefault)
  return typeof chosen === 'object' && chosen !== null && 'template' in chosen
    ? chosen.template
    : templates
}
