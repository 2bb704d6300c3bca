// Bellwire on Azure: Container Apps for web and worker, PostgreSQL flexible server, a bot, one managed identity for all.
// az deployment group create --resource-group bellwire --template-file deploy/azure/main.bicep --parameters image=... databasePassword=... apiKeys=...
targetScope = 'resourceGroup'

@description('Where everything is made.')
param location string = resourceGroup().location

@description('The image, as REGISTRY.azurecr.io/bellwire:TAG; registry is the registry\'s name.')
param image string
param registry string

@minLength(3)
@maxLength(20)
param name string = 'bellwire'

@description('Workers that run all the time. Two, so that one may die.')
@minValue(1)
param workers int = 2

@description('Callers\' keys, comma-separated; long and random.')
@secure()
param apiKeys string

@secure()
@minLength(16)
param databasePassword string

@description('Teams in the public cloud. The bot is a user-assigned managed identity: there is no secret to renew.')
param displayName string = 'Bellwire'

var databaseUser = 'bellwire'
var databaseUrl = 'postgresql+asyncpg://${databaseUser}:${uriComponent(databasePassword)}@${database.properties.fullyQualifiedDomainName}/bellwire?ssl=require'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
}

resource acr 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: registry
}

resource pull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(acr.id, identity.id, 'AcrPull')
  scope: acr
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')
  }
}

resource database 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: '${name}-${uniqueString(resourceGroup().id)}'
  location: location
  sku: {
    name: 'Standard_D2ds_v5'
    tier: 'GeneralPurpose'
  }
  properties: {
    version: '17'
    administratorLogin: databaseUser
    administratorLoginPassword: databasePassword
    storage: {
      storageSizeGB: 64
      autoGrow: 'Enabled'
    }
    backup: {
      backupRetentionDays: 14
      geoRedundantBackup: 'Disabled'
    }
    highAvailability: {
      mode: 'ZoneRedundant'
    }
  }

  resource bellwire 'databases' = {
    name: 'bellwire'
  }

  // 0.0.0.0 stands for Azure's own addresses. Put server and environment into one network to close this as well.
  resource azure 'firewallRules' = {
    name: 'azure'
    properties: {
      startIpAddress: '0.0.0.0'
      endIpAddress: '0.0.0.0'
    }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: '${name}${uniqueString(resourceGroup().id)}'
  location: location
  properties: {
    tenantId: subscription().tenantId
    enableRbacAuthorization: true
    sku: {
      family: 'A'
      name: 'standard'
    }
  }

  resource url 'secrets' = {
    name: 'database-url'
    properties: {
      value: databaseUrl
    }
  }

  resource keys 'secrets' = {
    name: 'api-keys'
    properties: {
      value: apiKeys
    }
  }
}

resource read 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identity.id, 'KeyVaultSecretsUser')
  scope: vault
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4633458b-17de-408a-b874-0445c86b69e6')
  }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: name
  location: location
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 30
  }
}

resource environment 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: name
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: logs.properties.customerId
        sharedKey: logs.listKeys().primarySharedKey
      }
    }
  }
}

var secrets = [
  {
    name: 'database-url'
    keyVaultUrl: vault::url.properties.secretUri
    identity: identity.id
  }
  {
    name: 'api-keys'
    keyVaultUrl: vault::keys.properties.secretUri
    identity: identity.id
  }
]

var settings = [
  {
    name: 'BELLWIRE_DATABASE_URL'
    secretRef: 'database-url'
  }
  {
    name: 'BELLWIRE_API_KEYS'
    secretRef: 'api-keys'
  }
  {
    name: 'BELLWIRE_SENDERS__ALERTS__KIND'
    value: 'bot'
  }
  {
    name: 'BELLWIRE_SENDERS__ALERTS__APP_ID'
    value: identity.properties.clientId
  }
  {
    name: 'BELLWIRE_SENDERS__ALERTS__TENANT_ID'
    value: identity.properties.tenantId
  }
  {
    name: 'BELLWIRE_SENDERS__ALERTS__MANAGED_IDENTITY'
    value: 'true'
  }
]

var probes = [
  {
    type: 'Startup'
    httpGet: {
      path: '/healthz'
      port: 3978
    }
    periodSeconds: 2
    failureThreshold: 30
  }
  {
    type: 'Liveness'
    httpGet: {
      path: '/healthz'
      port: 3978
    }
    periodSeconds: 10
    timeoutSeconds: 5
  }
  {
    type: 'Readiness'
    httpGet: {
      path: '/readyz'
      port: 3978
    }
    periodSeconds: 5
    timeoutSeconds: 5
  }
]

var roles = [
  {
    role: 'web'
    least: 2
    most: 4
    ingress: {
      external: true
      targetPort: 3978
      allowInsecure: false
    }
  }
  {
    // Nobody calls a worker, so nothing would start one again: it never goes to zero.
    role: 'worker'
    least: workers
    most: workers
    ingress: null
  }
]

resource apps 'Microsoft.App/containerApps@2024-03-01' = [
  for each in roles: {
    name: '${name}-${each.role}'
    location: location
    identity: {
      type: 'UserAssigned'
      userAssignedIdentities: {
        '${identity.id}': {}
      }
    }
    properties: {
      environmentId: environment.id
      configuration: {
        activeRevisionsMode: 'Single'
        ingress: each.ingress
        secrets: secrets
        registries: [
          {
            server: acr.properties.loginServer
            identity: identity.id
          }
        ]
      }
      template: {
        terminationGracePeriodSeconds: 75
        initContainers: [
          {
            name: 'upgrade'
            image: image
            args: ['database', 'upgrade']
            env: settings
            resources: {
              cpu: json('0.25')
              memory: '0.5Gi'
            }
          }
        ]
        containers: [
          {
            name: 'bellwire'
            image: image
            args: ['serve', '--no-upgrade', '--role', each.role, '--host', '0.0.0.0']
            env: settings
            probes: probes
            resources: {
              cpu: json('0.5')
              memory: '1Gi'
            }
          }
        ]
        scale: {
          minReplicas: each.least
          maxReplicas: each.most
        }
      }
    }
    dependsOn: [
      pull
      read
      database::bellwire
      database::azure
    ]
  }
]

resource bot 'Microsoft.BotService/botServices@2022-09-15' = {
  name: name
  location: 'global'
  kind: 'azurebot'
  sku: {
    name: 'F0'
  }
  properties: {
    displayName: displayName
    endpoint: 'https://${apps[0].properties.configuration.ingress.fqdn}/api/messages'
    msaAppId: identity.properties.clientId
    msaAppMSIResourceId: identity.id
    msaAppTenantId: identity.properties.tenantId
    msaAppType: 'UserAssignedMSI'
  }

  resource teams 'channels' = {
    name: 'MsTeamsChannel'
    location: 'global'
    properties: {
      channelName: 'MsTeamsChannel'
      properties: {
        isEnabled: true
      }
    }
  }
}

output messagingEndpoint string = bot.properties.endpoint
output appId string = identity.properties.clientId
output tenantId string = identity.properties.tenantId
